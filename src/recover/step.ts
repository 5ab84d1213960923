/** One effect on the world that can be asked for, asked about, and repeated without harm. */
export interface Step {
  /** What it does, for people: `put server back (212 files)`. */
  describe(): string;
  /** Looks at the world, not at memory: whether the effect is already there. */
  isDone(signal: AbortSignal): Promise<boolean>;
  /** Makes the effect; throws when it cannot. Returns what it saw, for the record. */
  run(signal: AbortSignal): Promise<string>;
}
