import { z } from "zod";
import { Duration } from "../../model/units.ts";

/** Asks pm2 about the application's services and measures how many of them are down. */
export const Pm2ProbeSettings = z.strictObject({
  kind: z.literal("pm2"),
  /** Time between two questions. Default 2s. */
  interval: Duration.prefault("2s"),
  /** After this long pm2 counts as hung. Default 1500ms. */
  timeout: Duration.prefault("1500ms"),
});
export type Pm2ProbeSettings = z.infer<typeof Pm2ProbeSettings>;
