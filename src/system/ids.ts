/** Names for things that are made at run time. */
export interface Ids {
  /** A new id such as `inc-20261122T153012-k3f9q2`: prefix, UTC time of `now`, randomness; sorts by time. */
  next(prefix: string, now: number): string;
}
