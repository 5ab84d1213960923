import { z } from "zod";
import { MODES, TRIGGERS } from "./trigger.ts";

/** How often rollwatch was right about one trigger, as people said. Shares are 0..1, times seconds; null where nothing says so. */
export const TriggerRecord = z.object({
  trigger: z.enum(TRIGGERS),
  /** As it is configured now. */
  mode: z.enum(MODES),
  /** Incidents that probes opened. */
  incidents: z.number(),
  /** Those of them in which something that acts was decided, or would have been but for the mode. */
  wouldAct: z.number(),
  right: z.number(),
  wrong: z.number(),
  unlabelled: z.number(),
  /** Faults that a person reported and no probe had seen. */
  missed: z.number(),
  /** Right ones among those that were labelled. */
  precision: z.number().nullable(),
  /** Right ones among those and the missed ones. */
  recall: z.number().nullable(),
  /** Medians: from the first bad sample to the proven breach, and to a proven recovery. */
  detectSeconds: z.number().nullable(),
  recoverSeconds: z.number().nullable(),
});
export type TriggerRecord = z.infer<typeof TriggerRecord>;

/** The record of every trigger that has one, in the runbook's order; of the incidents that are remembered. */
export const ShadowRecord = z.object({ triggers: z.array(TriggerRecord) });
export type ShadowRecord = z.infer<typeof ShadowRecord>;
