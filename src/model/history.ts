import type { Decision } from "./decision.ts";
import type { Label, Outcome } from "./facts.ts";
import type { Health } from "./health.ts";
import type { Change, Identity } from "./identity.ts";
import type { IncidentState } from "./incident-machine.ts";
import type { Notice } from "./notice.ts";
import type { Plan, RecoveryResult, StepOutcome } from "./plan.ts";
import type { RecoveryState } from "./recovery-machine.ts";
import type { Role } from "./role.ts";
import type { SecurityFloor } from "./security-floor.ts";
import type { Tier } from "./tier.ts";
import type { Mode, Trigger } from "./trigger.ts";
import type { Cause } from "./verdict.ts";
import type { Verification } from "./verification.ts";

/** A captured release as the journal knows it. */
export interface KnownRelease {
  readonly id: string;
  readonly identity: Identity;
  readonly tag: string | null;
  readonly capturedAt: number;
  readonly provenAt?: number;
  /** How it was when it was last proven healthy. */
  readonly baseline?: Health;
}

/** One beginning of a step; without an outcome when rollwatch died in it. A step tried again has several. */
export interface StepRecord {
  readonly step: string;
  /** Which attempt began it; 1, the first, by default. Times do not tell that, they may go back. */
  readonly attempt?: number;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly outcome?: StepOutcome;
}

/** People's word on a plan that waits for it. */
export interface Approval {
  /** sha256 in hex over the whole plan. */
  readonly hash: string;
  /** The roles that decide: one of them is enough, or with `everyRole` each, by different people. */
  readonly roles: readonly Role[];
  readonly everyRole: boolean;
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly given: readonly {
    readonly by: string;
    readonly role: Role;
    readonly at: number;
    /** Why this person decided alone what takes two. */
    readonly override?: string;
  }[];
  readonly rejected?: { readonly by: string; readonly reason: string; readonly at: number };
  /** After this long without a no rollwatch begins it by itself, in milliseconds; absent: never. */
  readonly countdownMs?: number | undefined;
  /** When that was over and the guards still allowed it; absent: not yet. */
  readonly unopposedAt?: number;
}

/** A plan with everything that was done for it. */
export interface Recovery {
  readonly plan: Plan;
  readonly plannedAt: number;
  /** Present on a plan that was made to wait for people, also where rollwatch died before it asked them. */
  readonly waits?: true;
  /** Absent for a plan that rollwatch may do by itself. */
  readonly approval?: Approval;
  /** When each attempt began; more than one after a crash. */
  readonly attempts: readonly number[];
  readonly steps: readonly StepRecord[];
  readonly verification?: Verification;
  /** How many attempts there were when it was verified. */
  readonly attemptsVerified?: number;
  readonly ended?: {
    readonly at: number;
    readonly result: RecoveryResult;
    readonly reason: string;
  };
}

/** A breach from its first sign to its close. */
export interface Incident {
  readonly id: string;
  readonly trigger: Trigger;
  readonly tier: Tier;
  readonly mode: Mode;
  /** The first bad sample. */
  readonly since: number;
  /** When the breach was proven. */
  readonly openedAt: number;
  /** When a graver trigger became its own; absent while it is as grave as it began. */
  readonly graverAt?: number;
  /** When people were last told something about it, by the clock of now; absent: never. */
  readonly toldAt?: number;
  /** The highest level that was called because nobody acknowledged, and when; absent: the rollback team alone. */
  readonly escalated?: { readonly level: 2 | 3; readonly at: number };
  readonly signals: readonly string[];
  readonly cause: Cause;
  readonly evidence: readonly string[];
  readonly decisions: readonly Decision[];
  /** Plans made for it, oldest first. */
  readonly plans: readonly string[];
  /** The person's report that opened it; absent when probes did. */
  readonly reported?: {
    readonly by: string;
    readonly reason: string;
    /** It was opened for a plan that the person asked for, and says nothing of a breach. */
    readonly forPlan?: true | undefined;
  };
  readonly acknowledged?: { readonly by: string; readonly at: number };
  readonly notes?: readonly { readonly by: string; readonly at: number; readonly text: string }[];
  /** Tasks and items of checklists that people have done, each once. */
  readonly done?: readonly { readonly by: string; readonly at: number; readonly task: string }[];
  readonly label?: { readonly by: string; readonly at: number; readonly label: Label };
  readonly closed?: {
    readonly at: number;
    readonly outcome: Outcome;
    readonly reason: string;
    readonly by?: string;
  };
}

/** Why nothing is done by itself for a while. */
export interface Brake {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
  /** null: until a person takes it back. */
  readonly until: number | null;
}

/** A setting of the wall clock: when, in its new time, by how much, and which change was the newest then, by its `at`. */
export interface ClockSet {
  readonly at: number;
  readonly byMs: number;
  readonly lastChangeAt?: number;
}

/** A notice that some channel must still have. */
export interface PendingNotice {
  readonly notice: Notice;
  /** Channels still without it, with the number of failed tries and when the next is due. */
  readonly waiting: readonly {
    readonly channel: string;
    readonly failures: number;
    readonly dueAt: number;
  }[];
}

/** What a channel finds the first notice of an incident by. */
export interface NoticeThread {
  readonly incident: string;
  readonly channel: string;
  readonly receipt: string;
}

/** Everything the journal says, folded: the one memory that survives a crash. */
export interface History {
  /** What was deployed when last seen, and when that was first seen. */
  readonly identity?: { readonly value: Identity; readonly since: number };
  readonly changes: readonly Change[];
  readonly releases: readonly KnownRelease[];
  /** Releases below which nothing is rolled back by itself; also of captures that were pruned since. */
  readonly floors: readonly SecurityFloor[];
  readonly incidents: readonly Incident[];
  readonly recoveries: readonly Recovery[];
  /** Notices that are not yet with all their channels. */
  readonly outbox: readonly PendingNotice[];
  /** Where in the outbox the last change was, which is where the next one is looked for first; absent: nowhere yet. */
  readonly outboxAt?: number;
  /** The first notice of an incident at a channel that gives receipts; absent: none. */
  readonly threads?: readonly NoticeThread[];
  /** dedupKeys of every notice ever queued. */
  readonly told: ReadonlySet<string>;
  readonly daemonStarts: readonly number[];
  /** Starts after an unclean end; absent: none. */
  readonly crashes?: readonly number[];
  /** Whether the last start was followed by no clean end; absent: it was. */
  readonly isRunning?: true;
  /** When the wall clock was set, as far as rollwatch saw it, oldest first; absent: never. */
  readonly clockSets?: readonly ClockSet[];
  /** The run of the machine in which rollwatch last ran, and what the wall clock then showed beyond the time since its start. */
  readonly boot?: { readonly id: string; readonly offset: number };
  /** As last declared, also when its time is over: see `isBraked`. */
  readonly pause?: Brake;
  /** Why rollwatch itself does not trust itself to act. */
  readonly observing?: Brake;
  readonly maintenance?: Brake;
}

/** The receipt of the first notice of an incident at a channel; undefined where there is none. */
export function threadOf(
  { threads = [] }: Pick<History, "threads">,
  incident: string,
  channel: string,
): string | undefined {
  return threads.find((one) => one.incident === incident && one.channel === channel)?.receipt;
}

/** Whether a pause or a maintenance is on at `now`. */
export function isBraked(brake: Brake | undefined, now: number): brake is Brake {
  return brake !== undefined && (brake.until === null || now < brake.until);
}

/** How much time has passed from `at` to `now` at least: what the wall clock was set forward by in between did not pass. */
export function elapsedSince(
  { clockSets = [] }: Pick<History, "clockSets">,
  at: number,
  now: number,
): number {
  let elapsed = now - at;
  for (const set of clockSets) {
    elapsed -= set.at >= at ? Math.max(set.byMs, 0) : 0;
  }
  return elapsed;
}

/** How much time has passed from `at` to `now` at most: what the wall clock was set back by in between has passed twice. */
export function elapsedAtMost(
  { clockSets = [] }: Pick<History, "clockSets">,
  at: number,
  now: number,
): number {
  let elapsed = now - at;
  for (const set of clockSets) {
    elapsed -= set.at - set.byMs >= at ? Math.min(set.byMs, 0) : 0;
  }
  return elapsed;
}

/** How much time has passed from `at` to `now` as far as rollwatch knows, whichever way the wall clock was set in between. */
export function elapsedLikely(
  history: Pick<History, "clockSets">,
  at: number,
  now: number,
): number {
  return elapsedSince(history, at, now) + elapsedAtMost(history, at, now) - (now - at);
}

/** Whether the people who decide have all said yes, one of them alone for all, or nobody anything until it is done anyway, and none no. */
export function isApproved({ roles, everyRole, given, rejected, unopposedAt }: Approval): boolean {
  if (rejected !== undefined) {
    return false;
  }
  if (unopposedAt !== undefined || given.some((one) => one.override !== undefined)) {
    return true;
  }
  const people = new Set(given.map((one) => one.by));
  return everyRole
    ? roles.every((role) => given.some((one) => one.role === role)) && people.size >= roles.length
    : given.length > 0;
}

/** Where a recovery stands; undefined is one that nobody has planned. */
export function recoveryState(recovery: Recovery | undefined): RecoveryState {
  if (recovery === undefined) {
    return "unplanned";
  }
  const { ended, verification, attempts } = recovery;
  if (ended !== undefined) {
    return ended.result;
  }
  if (verification !== undefined) {
    return verification.result === "proven" ? "proven" : "unproven";
  }
  if (hasActed(recovery)) {
    return "acting";
  }
  return attempts.length > 0 ? "preparing" : unbegunState(recovery);
}

function unbegunState({ waits, approval }: Recovery): RecoveryState {
  if (approval === undefined) {
    return waits === true ? "unasked" : "free";
  }
  if (approval.rejected !== undefined) {
    return "refused";
  }
  return isApproved(approval) ? "approved" : "waiting";
}

/** Whether a step was begun that the application notices: from then on the only way is forward. */
export function hasActed({ plan, steps }: Recovery): boolean {
  const acts = new Set(plan.steps.filter(({ phase }) => phase !== "prepare").map(({ id }) => id));
  return steps.some((record) => acts.has(record.step));
}

/** Where the decision about an incident stands; undefined is one that nobody has opened. */
export function incidentState(incident: Incident | undefined): IncidentState {
  if (incident === undefined) {
    return "unopened";
  }
  if (incident.closed !== undefined) {
    return "closed";
  }
  if (incident.plans.length > 0) {
    return "planned";
  }
  return incident.decisions.length > 0 ? "decided" : "undecided";
}

/** The incident that is not closed yet; rollwatch works on one at a time. */
export function openIncident(history: History): Incident | undefined {
  return history.incidents.find((incident) => incident.closed === undefined);
}

const OPEN: ReadonlySet<RecoveryState> = new Set([
  "approved",
  "free",
  "preparing",
  "acting",
  "proven",
  "unproven",
]);

/** The recovery that is to be done: begun or planned, approved where it must be, and not ended. */
export function openRecovery({ recoveries }: History): Recovery | undefined {
  return recoveries.find((recovery) => OPEN.has(recoveryState(recovery)));
}

/** The recovery that waits for people's approval, or for its end where they refused it. */
export function waitingRecovery({ recoveries }: History): Recovery | undefined {
  return recoveries.find((recovery) => {
    const state = recoveryState(recovery);
    return state === "waiting" || state === "refused";
  });
}
