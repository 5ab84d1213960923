import { z } from "zod";

/** One question of the verification with its answer. */
export const Check = z.object({
  name: z.string(),
  passed: z.boolean(),
  detail: z.string(),
  /** `must`: the proof rests on it. `tell`: people are told when it fails, and the proof stands. Default must. */
  weight: z.enum(["must", "tell"]).optional(),
  /** It could not be measured, so it proves nothing and refutes nothing. Default false. */
  unmeasured: z.boolean().optional(),
});
export type Check = z.infer<typeof Check>;

/** Whether the restored system is healthy: proven, proven not to be, or out of time without an answer. */
export const Verification = z.object({
  result: z.enum(["proven", "not-proven", "unknown"]),
  at: z.number(),
  checks: z.array(Check),
});
export type Verification = z.infer<typeof Verification>;
