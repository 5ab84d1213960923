import { z } from "zod";
import { FOLLOW_UP_IDS } from "./after-action.ts";
import type { AsideDropRequest } from "./aside-database.ts";
import { LABELS } from "./facts.ts";
import { BrakeReport, ReleaseReport } from "./operations.ts";
import type { Person } from "./people.ts";
import { SCOPES } from "./plan.ts";
import { ROLES } from "./role.ts";
import { TRIGGERS } from "./trigger.ts";
import { lines, words } from "./words.ts";
import type { WarmReport } from "./warm-database.ts";

/*
 * What people and programs may ask rollwatch to do. Each request is also the JSON body of its HTTP route. A request that is
 * not granted throws a Failure: `refused` (a guard or the state of things), `not-permitted` (the wrong person),
 * `plan-unknown`, `incident-unknown`, `release-unknown`. When a call returns, what it did is synced in the journal.
 */

const Reason = words(500);

/** Stops every automatic action. `forMs` null: until it is taken back. */
export const PauseRequest = z.strictObject({
  reason: Reason,
  forMs: z.int().positive().nullable(),
});
export type PauseRequest = z.infer<typeof PauseRequest>;

/** What somebody ended who resumed rollwatch: people's pause, or that it only observed after a restart storm (`by` rollwatch). */
export const Resumed = z.object({ ended: z.array(BrakeReport) });
export type Resumed = z.infer<typeof Resumed>;

/** Declares that people work on the application; it ends by itself. */
export const MaintenanceRequest = z.strictObject({ reason: Reason, forMs: z.int().positive() });
export type MaintenanceRequest = z.infer<typeof MaintenanceRequest>;

/** A fault that no probe can see. */
export const ReportRequest = z.strictObject({ trigger: z.enum(TRIGGERS), reason: Reason });
export type ReportRequest = z.infer<typeof ReportRequest>;

/** Goes back by hand, or restarts (`service`); guards that stand for safety still refuse. */
export const RollbackRequest = z.strictObject({
  scope: z.enum(SCOPES),
  /** The release to go back to; absent: the last proven one. Not for `service`. */
  to: z.string().optional(),
  /** The services to restart; only for `service`, and then at least one. */
  services: z.array(z.string()).optional(),
  /** Whether those that come after them (`services[].after`) are restarted too, in order; only for `service`. */
  dependents: z.boolean().optional(),
  /** The kinds of configuration; absent: all of them. Only for `configuration`. */
  kinds: z.array(z.string()).min(1).optional(),
  /** The kept database that is put back, with the release that is deployed unless `to` names one; only for `database`. */
  aside: z.string().optional(),
  /** What is wrong, when no incident is open that says so. Default minor-functionality. */
  trigger: z.enum(TRIGGERS).optional(),
  reason: Reason,
});
export type RollbackRequest = z.infer<typeof RollbackRequest>;

/** Says yes to a waiting plan. `hash` is that of the plan the person looked at; absent: the plan as it is. */
export const ApproveRequest = z.strictObject({
  hash: z.string().optional(),
  /** Why one person decides alone what takes two; everybody is told. Absent: the others are waited for. */
  override: Reason.optional(),
});
export type ApproveRequest = z.infer<typeof ApproveRequest>;

/** Says no to a waiting plan. */
export const RejectRequest = z.strictObject({ reason: Reason });
export type RejectRequest = z.infer<typeof RejectRequest>;

/** A person's words on an incident. */
export const NoteRequest = z.strictObject({ text: lines(4000) });
export type NoteRequest = z.infer<typeof NoteRequest>;

/** A task of an incident, or an item of its checklists, that is done. */
export const DoneRequest = z.strictObject({
  task: z.string().refine((id) => FOLLOW_UP_IDS.has(id), {
    message: `expected one of ${[...FOLLOW_UP_IDS].join(", ")}`,
  }),
});
export type DoneRequest = z.infer<typeof DoneRequest>;

/** Whether rollwatch was right. */
export const LabelRequest = z.strictObject({ label: z.enum(LABELS) });
export type LabelRequest = z.infer<typeof LabelRequest>;

/** Makes a captured release a security floor: rollwatch goes back to nothing older by itself. */
export const MarkRequest = z.strictObject({ securityFloor: z.literal(true), reason: Reason });
export type MarkRequest = z.infer<typeof MarkRequest>;

/** Deletes captures beyond `release.keep`, or only says which. */
export const PruneRequest = z.strictObject({ dryRun: z.boolean().optional() });
export type PruneRequest = z.infer<typeof PruneRequest>;

/** Ends an incident that rollwatch leaves open. */
export const CloseRequest = z.strictObject({ reason: Reason });
export type CloseRequest = z.infer<typeof CloseRequest>;

/** A plan that waits, or waited, for people. Times are ms since the epoch. */
export const PlanReport = z.object({
  id: z.string(),
  incident: z.string(),
  scope: z.enum(SCOPES),
  target: z.string().nullable(),
  /** The kept database that is put back. */
  aside: z.string().optional(),
  requestedBy: z.string(),
  createdAt: z.number(),
  deadline: z.number(),
  hash: z.string(),
  steps: z.array(z.object({ id: z.string(), kind: z.string(), describe: z.string() })),
  kept: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** null for a plan that needs nobody's approval. */
  approval: z
    .object({
      roles: z.array(z.enum(ROLES)),
      everyRole: z.boolean(),
      askedAt: z.number(),
      expiresAt: z.number(),
      /** After how many milliseconds without a no it begins by itself; null: never. */
      countdownMs: z.number().nullable(),
      given: z.array(
        z.object({
          by: z.string(),
          role: z.enum(ROLES),
          at: z.number(),
          /** Why this person decided alone what takes two. */
          override: z.string().optional(),
        }),
      ),
      rejected: z.object({ by: z.string(), reason: z.string(), at: z.number() }).nullable(),
    })
    .nullable(),
  /** `waiting` for approval, to be `running` or being done, or `ended`. */
  state: z.enum(["waiting", "running", "ended"]),
  ended: z.object({ at: z.number(), result: z.string(), reason: z.string() }).nullable(),
});
export type PlanReport = z.infer<typeof PlanReport>;

/** What came of looking at the captures: each as it is now, and the ones that cannot be read. */
export const ReleaseCheck = z.object({
  releases: z.array(ReleaseReport),
  unreadable: z.array(z.object({ id: z.string(), reason: z.string() })),
  /** What came of restoring the dump of the one release that was asked for; absent where no dumps are configured. */
  dump: z
    .discriminatedUnion("kind", [
      z.object({ kind: z.literal("proven"), at: z.number(), seconds: z.number() }),
      z.object({ kind: z.literal("unproven"), reason: z.string() }),
    ])
    .optional(),
});
export type ReleaseCheck = z.infer<typeof ReleaseCheck>;

/** Everything that changes something. `by` is who asks, proven before. */
export interface Actions {
  pause(request: PauseRequest, by: Person): Promise<void>;
  /** Returns what it ended. */
  resume(by: Person): Promise<Resumed>;
  startMaintenance(request: MaintenanceRequest, by: Person): Promise<void>;
  endMaintenance(by: Person): Promise<void>;
  /** Returns the id of the incident that the report opened or was added to. */
  report(request: ReportRequest, by: Person): Promise<{ readonly incident: string }>;
  /** Plans a rollback or restart by hand and begins it; returns when the plan is journaled. */
  rollback(
    request: RollbackRequest,
    by: Person,
    signal: AbortSignal,
  ): Promise<{ readonly plan: string; readonly incident: string }>;
  plan(id: string): Promise<PlanReport>;
  /** The plan after the approval: `waiting` still when another role must approve too. */
  approve(id: string, request: ApproveRequest, by: Person): Promise<PlanReport>;
  reject(id: string, request: RejectRequest, by: Person): Promise<PlanReport>;
  acknowledge(incident: string, by: Person): Promise<void>;
  note(incident: string, request: NoteRequest, by: Person): Promise<void>;
  /** Ticks a task of an incident; one that is done already stays as it is. */
  finishTask(incident: string, request: DoneRequest, by: Person): Promise<void>;
  label(incident: string, request: LabelRequest, by: Person): Promise<void>;
  close(incident: string, request: CloseRequest, by: Person): Promise<void>;
  /** Captures what is deployed now, without proving it. Returns the release's id. */
  capture(by: Person, signal: AbortSignal): Promise<{ readonly release: string }>;
  /** Compares captures with their hashes; all of them when `release` is absent. The dump of a single one is restored beside the database. */
  verifyReleases(
    request: { readonly release?: string },
    signal: AbortSignal,
  ): Promise<ReleaseCheck>;
  /** Makes the warm database of the release that is deployed and proven at once, and returns when it waits. Throws `refused` with who is connected. */
  warmRelease(release: string, by: Person, signal: AbortSignal): Promise<WarmReport>;
  markRelease(release: string, request: MarkRequest, by: Person): Promise<void>;
  unmarkRelease(release: string, by: Person): Promise<void>;
  /** Drops the kept database with this OID. Throws `refused` where there is none, or something still needs it. */
  dropAside(oid: string, request: AsideDropRequest, by: Person, signal: AbortSignal): Promise<void>;
  /** Deletes captures beyond `release.keep`; returns the ids of those deleted, or that would be. */
  prune(request: PruneRequest, by: Person): Promise<{ readonly pruned: readonly string[] }>;
}
