import type { Headings } from "../model/after-action.ts";

/** Facts that can stand below a heading. */
export const PARTS = [
  "summary",
  "milestones",
  "degradation",
  "response",
  "impact",
  "evidence",
  "decisions",
  "actions",
  "health",
  "notices",
  "notes",
  "people",
  "unknowns",
  "tasks-immediate",
  "tasks-cause",
  "tasks-lessons",
  "checklists",
] as const;
export type Part = (typeof PARTS)[number];

/** A heading, the facts below it, and the questions that people answer there. */
export interface OutlineSection {
  readonly heading: string;
  readonly parts: readonly Part[];
  readonly ask: readonly string[];
}

const WELL = "What went well?";
const BADLY = "What made it harder or slower than it had to be?";
const LUCK = "Where was luck involved?";
const WHY = "Which conditions made this fault possible, and why were they there?";
const PREVENT = "What could have prevented this, or made it smaller?";
const AGAIN = "When and how will the deployment be tried again?";
const USERS = "How many users were affected, and how?";
const DATA = "Was data lost, changed or wrongly written?";
const ALL_TASKS = ["tasks-immediate", "tasks-cause", "tasks-lessons"] as const;

/** The order and the words of each way to write a report. Every one of them has every part. */
export const OUTLINES: Readonly<Record<Headings, readonly OutlineSection[]>> = {
  /** The runbook's post-rollback communication and analysis. */
  runbook: [
    section("Rollback Summary", ["summary", "milestones"]),
    section("What Happened and When", ["degradation", "response"]),
    section("Impact", ["impact"], [USERS, DATA]),
    section("Evidence", ["evidence"]),
    section("Decision", ["decisions"]),
    section("What Was Done", ["actions"]),
    section("System Status", ["health"]),
    section("Communication", ["notices", "notes", "people"]),
    section("What Was Not Known", ["unknowns"]),
    section("Immediate Actions (0-2 hours)", ["tasks-immediate"]),
    section("Root Cause Analysis (2-24 hours)", ["tasks-cause"], [WHY, PREVENT]),
    section("Next Actions", [], [AGAIN]),
    section("Lessons Learned (24-48 hours)", ["tasks-lessons"], [WELL, BADLY]),
    section("Rollback Checklist", ["checklists"]),
  ],
  /** The example post-mortem of "Site Reliability Engineering". */
  "google-sre": [
    section("Summary", ["summary"]),
    section("Impact", ["impact"], [USERS, DATA]),
    section("Root Causes", [], [WHY]),
    section("Trigger", ["evidence", "decisions"]),
    section("Resolution", ["actions", "health"]),
    section("Detection", ["milestones"], ["Should it have been found sooner, and by what?"]),
    section("Action Items", ALL_TASKS, [PREVENT, AGAIN]),
    section("Lessons Learned", ["unknowns"], [WELL, BADLY, LUCK]),
    section("Timeline", ["degradation", "response"]),
    section("Supporting Information", ["notices", "notes", "people", "checklists"]),
  ],
  /** PagerDuty's post-mortem template. */
  pagerduty: [
    section("Overview", ["summary"]),
    section("What Happened", ["degradation", "evidence"]),
    section("Contributing Factors", ["unknowns"], [WHY]),
    section("Resolution", ["decisions", "actions", "health"]),
    section("Impact", ["impact"], [USERS, DATA]),
    section("Responders", ["people"]),
    section("Timeline", ["milestones", "response", "notes"]),
    section("How'd We Do?", ["checklists"], [WELL, BADLY]),
    section("Action Items", ALL_TASKS, [PREVENT, AGAIN]),
    section("Messaging", ["notices"], ["What is said to customers?"]),
  ],
  /** Atlassian's incident post-mortem template. */
  atlassian: [
    section("Incident summary", ["summary"]),
    section("Leadup", ["degradation"]),
    section("Fault", ["evidence"]),
    section("Impact", ["impact"], [USERS, DATA]),
    section("Detection", ["milestones"], ["How could the time to detect it be halved?"]),
    section("Response", ["decisions", "people", "notices", "notes"]),
    section("Recovery", ["actions", "health"]),
    section("Timeline", ["response"]),
    section("Root cause identification: the five whys", ["unknowns"], [WHY]),
    section("Root cause", [], ["What must change so that this kind of incident does not return?"]),
    section("Backlog check", [], ["Was there work planned that could have prevented it?"]),
    section("Recurrence", [], ["Has it happened before, with the same root cause?"]),
    section("Lessons learned", [], [WELL, BADLY]),
    section("Corrective actions", [...ALL_TASKS, "checklists"], [PREVENT, AGAIN]),
  ],
};

function section(
  heading: string,
  parts: readonly Part[],
  ask: readonly string[] = [],
): OutlineSection {
  return { heading, parts, ask };
}
