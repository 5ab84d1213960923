import { z } from "zod";
import { Duration } from "../model/units.ts";

/** How releases are captured and kept. */
export const ReleaseSettings = z.strictObject({
  /** How long every signal must be ok before a release counts as proven. Default 10m. */
  bake: Duration.prefault("10m"),
  /** Captured releases to keep; the last proven one is never deleted. Default 5. */
  keep: z.int().min(2).default(5),
  /** How often captures are checked against their hashes, so that readiness is known before the incident. Default 10m. */
  verifyEvery: Duration.prefault("10m"),
  /** Whether a second copy of the newest proven release is kept beside the application, so that a rollback renames instead of copying. Default true. */
  warm: z.boolean().default(true),
});
export type ReleaseSettings = z.infer<typeof ReleaseSettings>;
