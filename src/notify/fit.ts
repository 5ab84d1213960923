const SEGMENTS = { granularity: "grapheme" } as const;

/** Ends a text of which something is missing. */
const ELLIPSIS = "…";

/** How a service wants a text. */
export interface Fitting {
  /** What a service counts of it, at most. */
  readonly max: number;
  /** Writes one character as the service wants it, such as `&amp;`; as it is by default. */
  readonly encode?: (character: string) => string;
  /** How much a piece counts, never less than its UTF-16 units; by default these, which are never less than what others count as characters. */
  readonly size?: (encoded: string) => number;
}

/** The encoded text, or as much of it as fits with an ellipsis; no character, emoji or entity is ever cut in two. */
export function fit(text: string, { max, encode = asIs, size = lengthOf }: Fitting): string {
  const whole = encode(text);
  if (size(whole) <= max) {
    return whole;
  }
  const room = max - size(ELLIPSIS);
  // No size is less than the length: nothing beyond could fit, and segmenting a long text is slow.
  const reachable = text.slice(0, max + 1);
  let fitting = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter("en", SEGMENTS).segment(reachable)) {
    const piece = encode(segment);
    used += size(piece);
    if (used > room) {
      break;
    }
    fitting += piece;
  }
  return `${fitting}${ELLIPSIS}`;
}

/** How many bytes a text has within JSON, without its quotation marks. */
export function bytesAsJson(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

function asIs(text: string): string {
  return text;
}

function lengthOf(text: string): number {
  return text.length;
}
