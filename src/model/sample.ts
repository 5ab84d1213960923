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
] as const;
export type AbsenceReason = (typeof ABSENCE_REASONS)[number];

/** What one probe run saw: a number in the signal's unit, or nothing and why. `detail` is evidence for people. */
export type Reading =
  | { readonly kind: "measured"; readonly value: number; readonly detail: string }
  | { readonly kind: "absent"; readonly reason: AbsenceReason; readonly detail: string };

/** One probe run. `at` is the moment the run was due (ms since the epoch), `tookMs` counts from there. */
export interface Sample {
  readonly signal: string;
  readonly at: number;
  readonly tookMs: number;
  readonly reading: Reading;
}
