import { z } from "zod";

/** The name of the probe whose target never answers. */
export const HANGING = "hanging";

/** What a process of probes is to do. */
export const ProbingTask = z.object({
  probes: z.number(),
  url: z.string(),
  /** Asked by one probe more, whose runs are not counted. */
  hangingUrl: z.string().optional(),
  intervalMs: z.number(),
  warmUpMs: z.number(),
  measureMs: z.number(),
});
export type ProbingTask = z.infer<typeof ProbingTask>;

/** What it took. */
export const ProbingResult = z.object({
  askedPerSecond: z.number(),
  /** Runs that found the target healthy, a second. */
  healthyPerSecond: z.number(),
  cpuMsPerRun: z.number(),
  /** Share of one core, 1 is a whole one. */
  coreRatio: z.number(),
  /** Resident memory more than before there were probes. */
  addedBytes: z.number(),
  /** How long after it was due a run began. */
  lateMs: z.object({ p99: z.number(), max: z.number() }),
});
export type ProbingResult = z.infer<typeof ProbingResult>;
