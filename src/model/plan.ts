import { z } from "zod";
import { Identity } from "./identity.ts";

/** What a recovery takes back. */
export const SCOPES = [
  "application",
  "configuration",
  "database",
  "schema",
  "all",
  "service",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a plan of this scope changes the database, which nobody decides alone. */
export function changesDatabase(scope: Scope): boolean {
  return scope === "database" || scope === "schema" || scope === "all";
}

/**
 * `prepare` changes nothing that the application sees; `act` does, so the breach is judged again before its first step and
 * from then on the only way is forward; `settle` follows the verification.
 */
export const PHASES = ["prepare", "act", "settle"] as const;
export type Phase = (typeof PHASES)[number];

/** One step of a plan, as journaled. The fields beyond these belong to the step's kind and are parsed by `recover/steps`. */
export const StepDescriptor = z.looseObject({
  /** Unique in its plan, such as `switch:server`. */
  id: z.string(),
  kind: z.string(),
  phase: z.enum(PHASES),
  /** What it does, for people: `put server back (212 files)`. */
  text: z.string().optional(),
  /** The recovery goes on without it when it failed twice; the failure is told. Default false. */
  optional: z.boolean().optional(),
});
export type StepDescriptor = z.infer<typeof StepDescriptor>;

/** An ordered, serialisable recovery, frozen with the target and the configuration it was made from. */
export const Plan = z.object({
  id: z.string(),
  incident: z.string(),
  scope: z.enum(SCOPES),
  /** The release to restore; null for a plan that only restarts services. */
  target: z.string().nullable(),
  /** The kinds of configuration that are put back; for the scope `configuration` alone. */
  kinds: z.array(z.string()).optional(),
  /** The kept database that is put back; absent where the database, if any, comes from the target. */
  aside: z.string().optional(),
  /** What was deployed when the plan was made. */
  from: Identity,
  createdAt: z.number(),
  /** When the tier's budget is used up. */
  deadline: z.number(),
  configHash: z.string(),
  /** `policy`, or the person who asked for it. */
  requestedBy: z.string(),
  /** Configuration files, and services' environments, that stay as they are now, and why. */
  kept: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
  steps: z.array(StepDescriptor),
});
export type Plan = z.infer<typeof Plan>;

/** What came of a step. */
export const StepOutcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("done"), detail: z.string() }),
  z.object({ kind: z.literal("already-done"), detail: z.string() }),
  z.object({ kind: z.literal("failed"), detail: z.string() }),
]);
export type StepOutcome = z.infer<typeof StepOutcome>;

/** How a recovery ended. `needs-human` means that rollwatch gave up where it stood, and paged. */
export const RECOVERY_RESULTS = ["completed", "cancelled", "needs-human"] as const;
export type RecoveryResult = (typeof RECOVERY_RESULTS)[number];
