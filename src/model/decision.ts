import { z } from "zod";
import { SCOPES } from "./plan.ts";

/** Nothing to do; look closer; ask a person; restart a service; go back to another release. Weakest first. */
export const DECISIONS = ["hold", "watch", "recommend", "restart", "roll-back"] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** The rungs of the ladder: what can be done about a breach, lightest first. */
export const ACTIONS = ["restart", "roll-back"] as const;
export type Action = (typeof ACTIONS)[number];

/** A guard's answer. `atMost` is what remains when it blocks: ask a person, or leave everything as it is. */
export const GuardAnswer = z.discriminatedUnion("answer", [
  z.object({ guard: z.string(), answer: z.literal("allow"), reason: z.string() }),
  z.object({
    guard: z.string(),
    answer: z.literal("block"),
    atMost: z.enum(["recommend", "hold"]),
    reason: z.string(),
    /** Present where the guard changes its mind by itself within seconds: nobody is told until then. */
    soon: z.literal(true).optional(),
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
  /** What was weighed: done by itself (`kind` says the same), or what a person is asked about. Absent where nothing was. */
  action: z.enum(ACTIONS).optional(),
  /** The release to go back to; null when there is none, and for a restart. */
  target: z.string().nullable(),
  /** What goes back, where it is not the whole application. */
  scope: z.enum(SCOPES).optional(),
  /** The kinds of configuration that go back, for that scope. */
  kinds: z.array(z.string()).optional(),
  /** The services to restart; absent for a rollback. */
  services: z.array(z.string()).optional(),
});
export type Decision = z.infer<typeof Decision>;
