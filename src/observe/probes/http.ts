import { z } from "zod";
import { Duration } from "../../model/units.ts";

/** Asks a URL and measures 1 when the answer is a failure, 0 when it is not. */
export const HttpProbeSettings = z.strictObject({
  kind: z.literal("http"),
  url: z.url({ protocol: /^https?$/u }),
  /** Time between two questions. Default 2s. */
  interval: Duration.prefault("2s"),
  /** After this long without a whole answer the target failed. Default 1500ms. */
  timeout: Duration.prefault("1500ms"),
  /** Status codes that are healthy. Default [200]. */
  expectStatus: z.array(z.int().min(100).max(599)).min(1).default([200]),
});
export type HttpProbeSettings = z.infer<typeof HttpProbeSettings>;
