/**
 * Why there is no measurement. All of these are on the watcher's side or a person's wish: none of them ever
 * counts as a fault of the target.
 */
export const ABSENCE_REASONS = [
  "throttled",
  "name-resolution",
  "out-of-descriptors",
  "no-route",
  "out-of-resources",
  "watcher-lagging",
  "pm2-dead",
  "pm2-hung",
  "probe-crashed",
  "credentials",
  "no-metrics",
  "nothing-told",
  "outdated",
] as const;
export type AbsenceReason = (typeof ABSENCE_REASONS)[number];

/** Requests (or other events) since the sample before, and how many of them were bad by the probe's own measure. */
export interface Counts {
  readonly bad: number;
  readonly total: number;
}

/**
 * What one probe run saw: a number in the signal's unit, or nothing and why. `detail` is evidence for people. `counts` are
 * of a probe that reads what others asked (a scrape): then these are judged, not the value. `service` is the one that the
 * reading accuses, where the probe knows it better than the configuration.
 */
export type Reading =
  | {
      readonly kind: "measured";
      readonly value: number;
      readonly detail: string;
      readonly counts?: Counts;
      readonly service?: string;
    }
  | {
      readonly kind: "absent";
      readonly reason: AbsenceReason;
      readonly detail: string;
      /** Of `throttled`: how long the target asks not to be asked; absent when it does not say. */
      readonly retryAfterMs?: number;
    };

/** One probe run. `at` is the moment the run was due (ms since the epoch), `tookMs` counts from there. */
export interface Sample {
  readonly signal: string;
  readonly at: number;
  readonly tookMs: number;
  readonly reading: Reading;
  /** The probe was not run, since the target asks to be left alone; the reading says so. */
  readonly skipped?: true;
}
