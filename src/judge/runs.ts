/** Windows that are bad by accident, each by itself. */
interface Accidents {
  /** Chance (0..1) that one window is bad. */
  readonly chance: number;
  /** Bad windows in a row that count. */
  readonly length: number;
}

/** The chance (0..1) of at least one such run among so many windows; exact, also where it is tiny. */
export function chanceOfRun({ chance, length }: Accidents, windows: number): number {
  // By the number of bad windows up to now: how likely it is, with no run so far.
  let waiting: readonly number[] = Array.from({ length }, (_, bad) => (bad === 0 ? 1 : 0));
  let seen = 0;
  for (let window = 0; window < windows; window += 1) {
    let good = 0;
    const next = [0];
    for (const likely of waiting) {
      good += likely * (1 - chance);
      next.push(likely * chance);
    }
    seen += next.pop() ?? 0;
    next[0] = good;
    waiting = next;
  }
  return seen;
}

/** How many windows it takes on average until such a run is over; Infinity when it never comes. */
export function windowsUntilRun({ chance, length }: Accidents): number {
  if (chance >= 1) {
    return length;
  }
  const whole = chance ** length;
  return (1 - whole) / (whole * (1 - chance));
}
