import { z } from "zod";
import { Difference } from "./difference.ts";
import { SCOPES } from "./plan.ts";

/** Which rollback to plan without doing it. */
export const PreviewRequest = z.strictObject({
  /** Default application. */
  scope: z.enum(SCOPES).optional(),
  /** The release to go back to; absent: the last proven one. Not for `service`. */
  to: z.string().optional(),
  /** The services to restart; only for `service`. */
  services: z.array(z.string()).optional(),
  /** Whether those that come after them (`services[].after`) are restarted too, in order; only for `service`. */
  dependents: z.boolean().optional(),
  /** The kinds of configuration; absent: all of them. Only for `configuration`. */
  kinds: z.array(z.string()).min(1).optional(),
  /** The kept database that is put back, with the release that is deployed unless `to` names one; only for `database`. */
  aside: z.string().optional(),
});
export type PreviewRequest = z.infer<typeof PreviewRequest>;

/** What a rollback would do now, and what would keep rollwatch from doing it by itself. */
export const RollbackPreview = z.object({
  scope: z.enum(SCOPES),
  /** null when there is no release to go back to. */
  target: z.string().nullable(),
  /** The plan, one line per step. */
  steps: z.array(z.object({ id: z.string(), kind: z.string(), describe: z.string() })),
  /** Configuration files that would stay as they are, and why. */
  kept: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** From past runs and sizes; null when there is nothing to estimate from. */
  estimatedSeconds: z.number().nullable(),
  /** Guards that would refuse, each with its reason. */
  refusals: z.array(z.object({ guard: z.string(), reason: z.string() })),
  /** The kept database that would be put back. */
  aside: z.string().optional(),
  /** What would change of the configuration; for that scope alone. */
  configuration: z.array(Difference).optional(),
});
export type RollbackPreview = z.infer<typeof RollbackPreview>;
