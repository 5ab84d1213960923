import { z } from "zod";
import type { AsideReport } from "./aside-database.ts";
import { CONTROLS } from "./control.ts";
import { DECISIONS, GuardAnswer } from "./decision.ts";
import { LABELS, OUTCOMES } from "./facts.ts";
import { RECOVERY_RESULTS, SCOPES, StepOutcome } from "./plan.ts";
import type { PreviewRequest, RollbackPreview } from "./preview.ts";
import type { ReleaseDetails, ReleaseDifference } from "./release-report.ts";
import type { ShadowRecord } from "./record.ts";
import { ROLES } from "./role.ts";
import { SIGNAL_STATES } from "./signal.ts";
import { TIERS } from "./tier.ts";
import { MODES, TRIGGERS } from "./trigger.ts";
import { CAUSES } from "./verdict.ts";
import { Verification } from "./verification.ts";
import { WarmReport } from "./warm-database.ts";

/*
 * What rollwatch tells about itself. `status --json`, `check --json` and the HTTP interface print these as they are:
 * fields may be added, never renamed. Times are ms since the epoch; null means "there is none", an absent field means
 * "not known".
 */

/** A signal with the numbers it was judged by. */
export const SignalReport = z.object({
  name: z.string(),
  trigger: z.enum(TRIGGERS),
  state: z.enum(SIGNAL_STATES),
  /** The newest measured value in `unit`; null while nothing was measured. */
  value: z.number().nullable(),
  unit: z.string(),
  limit: z.number(),
  since: z.number(),
  badWindows: z.number(),
  /** Consecutive bad windows that make a breach. */
  breachAfter: z.number(),
  reason: z.string(),
  /** What single requests took in the last five to ten minutes, in seconds; absent where none are timed. */
  percentiles: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number(), samples: z.number() })
    .optional(),
});
export type SignalReport = z.infer<typeof SignalReport>;

/** The judgement over all signals, in short. */
export const VerdictReport = z.object({
  kind: z.enum(["healthy", "suspect", "breached"]),
  trigger: z.enum(TRIGGERS).nullable(),
  tier: z.enum(TIERS).nullable(),
  /** The first bad sample. */
  since: z.number().nullable(),
  cause: z.enum(CAUSES).nullable(),
  evidence: z.array(z.string()),
  /** Signals that say neither good nor bad, and why. */
  missing: z.array(z.object({ signal: z.string(), state: z.string(), reason: z.string() })),
});
export type VerdictReport = z.infer<typeof VerdictReport>;

/** A control probe's answer. */
export const ControlReport = z.object({
  name: z.enum(CONTROLS),
  state: z.enum(["green", "red", "unknown"]),
  detail: z.string(),
});
export type ControlReport = z.infer<typeof ControlReport>;

/** What is deployed. */
export const DeployedReport = z.object({
  commit: z.string().nullable().optional(),
  served: z.string().nullable().optional(),
  since: z.number(),
});
export type DeployedReport = z.infer<typeof DeployedReport>;

/** Who marked a release as a security floor, when and why. */
export const SecurityFloorReport = z.object({
  by: z.string(),
  reason: z.string(),
  at: z.number(),
});

/** A captured release. */
export const ReleaseReport = z.object({
  id: z.string(),
  commit: z.string().nullable().optional(),
  served: z.string().nullable().optional(),
  tag: z.string().nullable(),
  capturedAt: z.number(),
  /** null while it has not been healthy through its bake time. */
  provenAt: z.number().nullable(),
  /** Whether it can be restored right now; null while that was not looked at. */
  ready: z.boolean().nullable(),
  problems: z.array(z.string()),
  /** Present on a security floor: rollwatch goes back to nothing older by itself. */
  securityFloor: SecurityFloorReport.optional(),
  /** The database that waits for it, or of the newest proven release why none does; absent elsewhere. */
  warm: WarmReport.optional(),
});
export type ReleaseReport = z.infer<typeof ReleaseReport>;

/** A plan with everything that was done for it. */
export const RecoveryReport = z.object({
  plan: z.string(),
  scope: z.enum(SCOPES),
  /** The release to restore; null for a restart of services. */
  target: z.string().nullable(),
  requestedBy: z.string(),
  plannedAt: z.number(),
  /** When the tier's budget is used up. */
  deadline: z.number(),
  /** When each attempt began; more than one after a crash. */
  attempts: z.array(z.number()),
  /** Steps that were begun, in order; one that was begun twice stands here twice. */
  steps: z.array(
    z.object({
      id: z.string(),
      text: z.string(),
      startedAt: z.number(),
      finishedAt: z.number().nullable(),
      outcome: StepOutcome.nullable(),
    }),
  ),
  stepsTotal: z.number(),
  verification: Verification.nullable(),
  ended: z
    .object({ at: z.number(), result: z.enum(RECOVERY_RESULTS), reason: z.string() })
    .nullable(),
});
export type RecoveryReport = z.infer<typeof RecoveryReport>;

/** A breach from its first sign to its close. */
export const IncidentReport = z.object({
  id: z.string(),
  trigger: z.enum(TRIGGERS),
  tier: z.enum(TIERS),
  mode: z.enum(MODES),
  since: z.number(),
  openedAt: z.number(),
  signals: z.array(z.string()),
  cause: z.enum(CAUSES),
  evidence: z.array(z.string()),
  decisions: z.array(
    z.object({
      kind: z.enum(DECISIONS),
      at: z.number(),
      reason: z.string(),
      guards: z.array(GuardAnswer),
    }),
  ),
  /** Rollbacks that were planned for it, oldest first. */
  recoveries: z.array(RecoveryReport),
  /** The person's report that opened it; null when probes did. */
  reported: z.object({ by: z.string(), reason: z.string() }).nullable(),
  acknowledged: z.object({ by: z.string(), at: z.number() }).nullable(),
  notes: z.array(z.object({ by: z.string(), at: z.number(), text: z.string() })),
  label: z.enum(LABELS).nullable(),
  closed: z
    .object({
      at: z.number(),
      outcome: z.enum(OUTCOMES),
      reason: z.string(),
      by: z.string().optional(),
    })
    .nullable(),
});
export type IncidentReport = z.infer<typeof IncidentReport>;

/** A rollback that is on its way. */
export const RollbackReport = z.object({
  plan: z.string(),
  incident: z.string(),
  target: z.string().nullable(),
  startedAt: z.number(),
  /** When the tier's budget is used up. */
  deadline: z.number(),
  /** The step that is being done; null between steps and while verifying. */
  step: z.string().nullable(),
  stepsDone: z.number(),
  stepsTotal: z.number(),
});
export type RollbackReport = z.infer<typeof RollbackReport>;

/** A pause or a maintenance. */
export const BrakeReport = z.object({
  by: z.string(),
  reason: z.string(),
  at: z.number(),
  until: z.number().nullable(),
});
export type BrakeReport = z.infer<typeof BrakeReport>;

/** Everything about a running daemon. */
export const Status = z.object({
  application: z.string(),
  version: z.string(),
  pid: z.number(),
  startedAt: z.number(),
  uptimeMs: z.number(),
  policies: z.array(z.object({ trigger: z.enum(TRIGGERS), mode: z.enum(MODES) })),
  deployed: DeployedReport.nullable(),
  /** null before the first round of samples. */
  verdict: VerdictReport.nullable(),
  signals: z.array(SignalReport),
  controls: z.array(ControlReport),
  releases: z.array(ReleaseReport),
  openIncident: IncidentReport.nullable(),
  /** The newest closed incidents, newest first. */
  lastIncidents: z.array(IncidentReport),
  rollback: RollbackReport.nullable(),
  /** Every guard's answer when last asked. */
  guards: z.array(GuardAnswer),
  noticesQueued: z.number(),
  /** Why nothing is done by itself; null when nothing keeps it from acting. */
  paused: BrakeReport.nullable(),
  /** Why rollwatch asks people instead of acting: it ended uncleanly too often; null while it trusts itself. */
  observing: BrakeReport.nullable(),
  maintenance: BrakeReport.nullable(),
  /** The plan that waits for approval; null when there is none. */
  waiting: z
    .object({
      plan: z.string(),
      roles: z.array(z.enum(ROLES)),
      given: z.number(),
      expiresAt: z.number(),
      /** When it begins by itself unless somebody says no; null: never. */
      beginsAt: z.number().nullable(),
    })
    .nullable(),
});
export type Status = z.infer<typeof Status>;

/** One round of every probe. A single round proves no breach: `bad` says that the value exceeds the limit. */
export const CheckRound = z.object({
  application: z.string(),
  at: z.number(),
  signals: z.array(
    SignalReport.extend({
      bad: z.boolean(),
      tookMs: z.number(),
      /** Present where only the running daemon may ask, so that nothing is wrong with the missing value. */
      notTried: z.literal(true).optional(),
    }),
  ),
  controls: z.array(ControlReport),
  deployed: DeployedReport.nullable(),
  verdict: VerdictReport,
});
export type CheckRound = z.infer<typeof CheckRound>;

/** What people and programs may ask of rollwatch; the command line and the HTTP interface know nothing else of it. */
export interface Operations {
  status(signal: AbortSignal): Promise<Status>;
  /** Asks every probe once; works without a daemon. */
  check(signal: AbortSignal): Promise<CheckRound>;
  /** Plans a rollback or restart and does nothing. */
  previewRollback(request: PreviewRequest, signal: AbortSignal): Promise<RollbackPreview>;
  /** Captured releases, newest first. */
  releases(signal: AbortSignal): Promise<readonly ReleaseReport[]>;
  /** One captured release in full; throws `release-unknown` when there is none of that id. */
  showRelease(id: string, signal: AbortSignal): Promise<ReleaseDetails>;
  /** What differs from release `a` to release `b`; throws `release-unknown`. */
  diffReleases(a: string, b: string, signal: AbortSignal): Promise<ReleaseDifference>;
  /** Databases that swaps have replaced and that are still to be ended, newest first. */
  asides(signal: AbortSignal): Promise<readonly AsideReport[]>;
  /** How often rollwatch was right, by trigger. */
  record(signal: AbortSignal): Promise<ShadowRecord>;
  /** Incidents, newest first. */
  incidents(signal: AbortSignal): Promise<readonly IncidentReport[]>;
  /** One incident; undefined when there is none of that id. */
  incident(id: string, signal: AbortSignal): Promise<IncidentReport | undefined>;
}
