import { z } from "zod";
import { StepDescriptor } from "../model/plan.ts";

/** What every kind of step has: its words for people and the longest time one run may take. */
export const StepBase = StepDescriptor.extend({
  text: z.string(),
  deadlineMs: z.number().positive(),
}).strict();
