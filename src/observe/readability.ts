/** Lines beyond which the older ones count half, and half again. */
const LONG_AGO = 1000;

/** Remembers how many lines of a log could not be read, over many looks: a single odd line says nothing of its format. */
export interface Readability {
  /** Takes the lines of a look; returns whether less than `least` (0..1) of those remembered could be read. */
  isBelow(least: number, seen: { readonly lines: number; readonly unreadable: number }): boolean;
}

/** A memory without any lines. */
export function createReadability(): Readability {
  let lines = 0;
  let unreadable = 0;
  return {
    isBelow: (least, seen) => {
      lines += seen.lines;
      unreadable += seen.unreadable;
      const isForeign = lines > 0 && (lines - unreadable) / lines < least;
      if (lines > LONG_AGO) {
        lines /= 2;
        unreadable /= 2;
      }
      return isForeign;
    },
  };
}
