import { z } from "zod";
import { PositiveDuration } from "./units.ts";

/** An address outside this host that raises the alarm when rollwatch is not heard of any more; it follows the conventions of healthchecks.io. */
const HeartbeatSettings = z.strictObject({
  /** A POST there is the word that rollwatch watches; with `/start` behind its path that it began, with `/fail` that it sees nothing or cannot tell people. Secret. */
  url: z.url({ protocol: /^https?$/u }),
  /** Shortest time between two. Default 1m. */
  every: PositiveDuration.prefault("1m"),
  /** Longest time for one. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type HeartbeatSettings = z.infer<typeof HeartbeatSettings>;

/** What `rollwatch guard` does, which a deployment starts. */
const GuardSettings = z.strictObject({
  /** Whether it rolls back by itself; else it only tells. Default false. */
  enabled: z.boolean().default(false),
  /** So many failures of its own probe in a row make it act. Default 5. */
  failures: z.int().min(2).default(5),
  /** How often it probes. Default 2s. */
  every: PositiveDuration.prefault("2s"),
  /** After this long without a whole answer a probe failed. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
});

/** What watches rollwatch itself. */
export const WatchdogSettings = z.strictObject({
  /** Default: nobody is told. */
  heartbeat: HeartbeatSettings.optional(),
  /** What stands by a deployment when rollwatch may be dead. */
  guard: GuardSettings.prefault({}),
});
