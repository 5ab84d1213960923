import { z } from "zod";

/** Nothing to do; look closer; ask a person; act. */
export const DECISIONS = ["hold", "watch", "recommend", "roll-back"] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** A guard's answer. `atMost` is what remains when it blocks: ask a person, or leave everything as it is. */
export const GuardAnswer = z.discriminatedUnion("answer", [
  z.object({ guard: z.string(), answer: z.literal("allow"), reason: z.string() }),
  z.object({
    guard: z.string(),
    answer: z.literal("block"),
    atMost: z.enum(["recommend", "hold"]),
    reason: z.string(),
  }),
]);
export type GuardAnswer = z.infer<typeof GuardAnswer>;

/** What rollwatch will do about a breach, with every guard's answer kept, also the ones that allowed it. */
export const Decision = z.object({
  kind: z.enum(DECISIONS),
  at: z.number(),
  /** One sentence for people. */
  reason: z.string(),
  guards: z.array(GuardAnswer),
  /** The release to go back to; null when there is none. */
  target: z.string().nullable(),
});
export type Decision = z.infer<typeof Decision>;
