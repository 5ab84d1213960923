import { z } from "zod";

/** One question of the verification with its answer. */
export const Check = z.object({ name: z.string(), passed: z.boolean(), detail: z.string() });
export type Check = z.infer<typeof Check>;

/** Whether the restored system is healthy: proven, proven not to be, or out of time without an answer. */
export const Verification = z.object({
  result: z.enum(["proven", "not-proven", "unknown"]),
  at: z.number(),
  checks: z.array(Check),
});
export type Verification = z.infer<typeof Verification>;
