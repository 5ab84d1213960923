import { z } from "zod";
import { DECISIONS } from "../../src/model/decision.ts";
import { TRIGGERS } from "../../src/model/trigger.ts";

/** Which part of all runs a worker does: those whose number leaves `remainder` when divided by `workers`. */
export const HistoriesTask = z.object({
  days: z.number(),
  /** Runs of each fault, with a deployment and without. */
  faults: z.number(),
  seed: z.number(),
  workers: z.number(),
  remainder: z.number(),
});
export type HistoriesTask = z.infer<typeof HistoriesTask>;

const Day = z.object({
  kind: z.string(),
  seed: z.number(),
  events: z.number(),
  breaches: z
    .array(
      z.object({
        trigger: z.enum(TRIGGERS),
        signals: z.array(z.string()).readonly(),
        at: z.number(),
        decision: z.enum(DECISIONS),
        isFalse: z.boolean(),
      }),
    )
    .readonly(),
});

const Fault = z.object({
  kind: z.string(),
  deployed: z.boolean(),
  seed: z.number(),
  trigger: z.enum(TRIGGERS).nullable(),
  cause: z.string().nullable(),
  decision: z.enum(DECISIONS).nullable(),
  seconds: z.number().nullable(),
  isRightTrigger: z.boolean(),
  isRightCause: z.boolean(),
  isRightDecision: z.boolean(),
});

/** What a worker tells of a part of its runs. */
export const HistoriesNews = z.object({
  days: z.array(Day).readonly(),
  faults: z.array(Fault).readonly(),
});
export type HistoriesNews = z.infer<typeof HistoriesNews>;
