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

/** What watches rollwatch itself. */
export const WatchdogSettings = z.strictObject({
  /** Default: nobody is told. */
  heartbeat: HeartbeatSettings.optional(),
});
