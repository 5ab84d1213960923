import { z } from "zod";
import { DECISIONS } from "./decision.ts";
import { TIERS } from "./tier.ts";
import { MODES, TRIGGERS } from "./trigger.ts";
import { CAUSES } from "./verdict.ts";

/** A breach that today's configuration would have proven. Times are ms since the epoch. */
export const ReplayedIncident = z.object({
  trigger: z.enum(TRIGGERS),
  tier: z.enum(TIERS),
  mode: z.enum(MODES),
  /** The first bad sample. */
  since: z.number(),
  provenAt: z.number(),
  /** When every signal of it was ok again; null while it lasted at the end. */
  clearedAt: z.number().nullable(),
  signals: z.array(z.string()),
  /** The likely cause when it was last decided about, with its evidence. */
  cause: z.enum(CAUSES),
  evidence: z.array(z.string()),
  /** What would have been decided, each time that it changed; none after one that acts. */
  decisions: z.array(
    z.object({
      kind: z.enum(DECISIONS),
      at: z.number(),
      reason: z.string(),
      /** Ids of the guards that did not allow it. */
      blocked: z.array(z.string()),
    }),
  ),
});
export type ReplayedIncident = z.infer<typeof ReplayedIncident>;

/** What recorded samples would have led to. */
export const ReplayReport = z.object({
  application: z.string(),
  /** The first and the last recorded moment; null where nothing was recorded. */
  from: z.number().nullable(),
  to: z.number().nullable(),
  samples: z.number(),
  incidents: z.array(ReplayedIncident),
  /** Samples of signals that are not configured today, by signal. */
  unknownSignals: z.array(z.object({ signal: z.string(), samples: z.number() })),
  /** Configured signals of which nothing was recorded. */
  unheardSignals: z.array(z.string()),
  files: z.array(
    z.object({
      file: z.string(),
      /** Whether it ends in the middle, as after a crash; everything before was read. */
      torn: z.boolean(),
      /** Lines that are none of this format. */
      unreadable: z.number(),
    }),
  ),
  /** What could not be known and was supposed, in words. */
  supposed: z.array(z.string()),
});
export type ReplayReport = z.infer<typeof ReplayReport>;
