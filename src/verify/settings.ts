import { z } from "zod";
import { Duration } from "../model/units.ts";

/** How a restored system is proven. */
export const VerifySettings = z.strictObject({
  /** Time to reconnect and warm up in which a bad sample is not held against the release. Default 15s. */
  settle: Duration.prefault("15s"),
  /** How long every signal must then be ok without a break. Default 10s. */
  steady: Duration.prefault("10s"),
  /** Longest time for all of it; after that the answer is `unknown` or `not proven`. Default 2m. */
  timeout: Duration.prefault("2m"),
});
export type VerifySettings = z.infer<typeof VerifySettings>;
