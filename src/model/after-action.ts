import type { Incident, Recovery } from "./history.ts";

/** How a report of an incident can be written. */
export const REPORT_FORMATS = ["markdown", "html", "json"] as const;

/** Whose headings a report has: the runbook's own, or those of a widespread template. */
export const HEADINGS = ["runbook", "google-sre", "pagerduty", "atlassian"] as const;
export type Headings = (typeof HEADINGS)[number];

/** A report of an incident that somebody asks for. */
export interface ReportOrder {
  /** The incident's id. */
  readonly id: string;
  readonly format: (typeof REPORT_FORMATS)[number];
  readonly headings: Headings;
}

const HOUR = 3_600_000;

/** The runbook's stages of what follows a rollback, and by when each is to be done, in milliseconds from its end. */
export const STAGE_DUE_MS = { immediate: 2 * HOUR, cause: 24 * HOUR, lessons: 48 * HOUR } as const;
export type Stage = keyof typeof STAGE_DUE_MS;

/** Something that is to be done: ticked by what the journal says of it, or by a person. */
export interface FollowUp {
  /** As it is named on the command line and in the journal. */
  readonly id: string;
  readonly text: string;
}

/** Something that people do after an incident. */
export interface Task extends FollowUp {
  readonly stage: Stage;
}

/** Who did it; `by` is `rollwatch` where the journal says so by itself, and `how` then says by what. */
export interface Tick {
  readonly by: string;
  readonly at: number | null;
  readonly how?: string;
}

/** A task with its due time and who did it. */
export interface TrackedTask extends Task {
  /** null while the incident and its recoveries are not over: then nothing is due yet. */
  readonly dueAt: number | null;
  /** null while nobody has done it. */
  readonly done: Tick | null;
}

/** The runbook's checklists. */
export const CHECKLISTS = ["pre-deployment", "during", "post-rollback"] as const;
export type ChecklistName = (typeof CHECKLISTS)[number];

/** A checklist with what is ticked of it. */
export interface Checklist {
  readonly name: ChecklistName;
  readonly items: readonly (FollowUp & { readonly done: Tick | null })[];
}

/** What follows an incident, as far as it is done. */
export interface FollowUps {
  readonly tasks: readonly TrackedTask[];
  readonly checklists: readonly Checklist[];
}

/** What the runbook asks for after a rollback, in its order. */
export const TASKS: readonly Task[] = [
  task("document", "immediate", "Document incident: what happened and when"),
  task("assess", "immediate", "Assess impact: how many users affected, data loss?"),
  task("stabilise", "immediate", "Stabilise system: ensure that it is fully operational"),
  task("communicate", "immediate", "Communicate status: update all stakeholders"),
  task("find-cause", "cause", "Investigate cause: why did the deployment fail?"),
  task("find-gaps", "cause", "Identify gaps: what could have prevented this?"),
  task("update-rollback", "cause", "Update procedures: improve rollback procedures"),
  task("plan-deployment", "cause", "Plan next deployment: when and how to try again"),
  task("report-findings", "lessons", "Document findings: complete the incident report"),
  task(
    "update-procedures",
    "lessons",
    "Update procedures: improve deployment and rollback processes",
  ),
  task("train", "lessons", "Team training: share the lessons learned with the team"),
  task("update-checklist", "lessons", "Process improvement: update the deployment checklist"),
];

/** The items of the checklists; those that are tasks, too, are ticked together with them. */
export const CHECKLIST_ITEMS: Readonly<Record<ChecklistName, readonly FollowUp[]>> = {
  "pre-deployment": [
    { id: "backup-database", text: "Create database backup" },
    { id: "tag-commit", text: "Tag git commit" },
    { id: "backup-configuration", text: "Backup configuration files" },
    { id: "test-rollback", text: "Test rollback procedures" },
    { id: "notify-team", text: "Notify rollback team" },
  ],
  during: [
    { id: "stop-services", text: "Stop all services" },
    { id: "execute-rollback", text: "Execute rollback procedures" },
    { id: "verify-health", text: "Verify system health" },
    { id: "send-updates", text: "Communicate status updates" },
    { id: "document-actions", text: "Document all actions taken" },
  ],
  "post-rollback": [
    { id: "complete-checks", text: "Complete health checks" },
    { id: "notify-stakeholders", text: "Notify stakeholders" },
    { id: "document", text: "Document incident" },
    { id: "plan-deployment", text: "Plan next deployment" },
    { id: "update-procedures", text: "Update procedures" },
  ],
};

/** Every id that a person can tick. */
export const FOLLOW_UP_IDS: ReadonlySet<string> = new Set(
  [...TASKS, ...Object.values(CHECKLIST_ITEMS).flat()].map(({ id }) => id),
);

function task(id: string, stage: Stage, text: string): Task {
  return { id, stage, text };
}

/**
 * From when the runbook's times count: the end of the first recovery that was not cancelled, else the incident's close;
 * undefined while there is neither.
 */
export function followUpSince(
  incident: Incident,
  recoveries: readonly Recovery[],
): number | undefined {
  const ended = recoveries.flatMap(({ plan, ended: end }) =>
    plan.incident === incident.id && end !== undefined && end.result !== "cancelled"
      ? [end.at]
      : [],
  );
  return ended[0] ?? incident.closed?.at;
}

/** The runbook's tasks of an incident, in its order, with what people have done of them. */
export function tasksOf(
  incident: Incident,
  recoveries: readonly Recovery[],
): readonly TrackedTask[] {
  const since = followUpSince(incident, recoveries);
  return TASKS.map((one) => ({
    ...one,
    dueAt: since === undefined ? null : since + STAGE_DUE_MS[one.stage],
    done: tickOf(incident, one.id),
  }));
}

/** A person's tick; null where nobody has ticked it. */
export function tickOf({ done = [] }: Incident, id: string): Tick | null {
  const found = done.find(({ task: ticked }) => ticked === id);
  return found === undefined ? null : { by: found.by, at: found.at };
}
