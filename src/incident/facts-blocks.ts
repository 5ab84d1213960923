import { tellDuration, tellTime } from "../model/units.ts";
import type { AfterAction } from "./after-action.ts";
import type { Block } from "./document.ts";
import type { Milestone, MilestoneName } from "./milestones.ts";
import type { Happening } from "./timeline.ts";

/** What happened, in a few sentences and a table. */
export function summaryBlocks(report: AfterAction): readonly Block[] {
  const { incident, application, severity, milestones, budgetMs } = report;
  const rows = [
    ["Application", application],
    ["Incident", incident.id],
    ["What", `${incident.trigger} (${severity}, tier ${incident.tier})`],
    ["Began", tellTime(incident.since)],
    ["Likely cause", incident.cause],
    ["Mode of the trigger", incident.mode],
    ["Ended", endText(report)],
    ["Acknowledged", acknowledgedText(report)],
    ["Budget", budgetText(milestones, budgetMs)],
  ];
  return [
    { kind: "text", text: sentence(report) },
    { kind: "table", head: ["", ""], rows },
  ];
}

function sentence(report: AfterAction): string {
  const { incident, application, recoveries, impact } = report;
  const by =
    incident.reported === undefined
      ? `found by ${incident.signals.join(", ")}`
      : `reported by ${incident.reported.by}`;
  const done = recoveries.map(
    ({ scope, target, ended }) =>
      `${target === null ? "a restart of services" : `a rollback (${scope}) to ${target}`}, ${ended === null ? "not ended" : ended.result}`,
  );
  const did = done.length === 0 ? "Nothing was changed." : `Done: ${done.join("; ")}.`;
  const lasted =
    impact.durationMs === null
      ? "It is not over."
      : `It lasted ${tellDuration(impact.durationMs)} from the first bad sample.`;
  return `${application}: ${incident.trigger}, ${by}. ${did} ${lasted}`;
}

function endText({ incident: { closed } }: AfterAction): string {
  return closed === undefined
    ? "not closed"
    : `${closed.outcome} at ${tellTime(closed.at)}: ${closed.reason}`;
}

function acknowledgedText({ incident: { acknowledged } }: AfterAction): string {
  return acknowledged === undefined
    ? "by nobody"
    : `by ${acknowledged.by} at ${tellTime(acknowledged.at)}`;
}

function budgetText(milestones: readonly Milestone[], budgetMs: number): string {
  const verified = milestones.find(({ name }) => name === "verified");
  const budget = tellDuration(budgetMs);
  if (verified === undefined || verified.sinceStartMs === null) {
    return `${budget}; no verified system`;
  }
  const within = verified.sinceStartMs <= budgetMs ? "within it" : "exceeded";
  return `${budget}; verified after ${tellDuration(verified.sinceStartMs)}, ${within}`;
}

const MEANING: Readonly<Record<MilestoneName, string>> = {
  detected: "Detected",
  decided: "Decided",
  acted: "Acted",
  restored: "Restored",
  verified: "Verified",
};

/** The five moments of the response, each against the budget. */
export function milestoneBlocks({ milestones, budgetMs }: AfterAction): readonly Block[] {
  const rows = milestones.map(({ name, at, tookMs, sinceStartMs, budgetRatio }) => [
    MEANING[name],
    at === null ? "not reached" : tellTime(at),
    tookMs === null ? "" : tellDuration(tookMs),
    sinceStartMs === null ? "" : tellDuration(sinceStartMs),
    budgetRatio === null ? "" : `${Math.round(budgetRatio * 100)} % of ${tellDuration(budgetMs)}`,
  ]);
  return [
    {
      kind: "table",
      head: ["Moment", "At", "Took", "Since the first bad sample", "Budget used"],
      rows,
    },
  ];
}

/** Lines of a timeline. */
export function timelineBlocks(happenings: readonly Happening[]): readonly Block[] {
  return [
    {
      kind: "table",
      head: ["Time", "What"],
      rows: happenings.map(({ at, text }) => [tellTime(at), text]),
    },
  ];
}

/** Whom and what it touched. */
export function impactBlocks({ impact, recoveries }: AfterAction): readonly Block[] {
  const requests = impact.requests.map(
    ({ signal, bad, total }) =>
      `${bad} of ${total} requests that ${signal} counted were bad. Signals may count the same requests.`,
  );
  const rows = [
    ["Duration", impact.durationMs === null ? "not over" : tellDuration(impact.durationMs)],
    ["Users affected", "unknown"],
    ["Requests", requests.length === 0 ? "unknown" : requests.join("\n")],
    ["Distinct clients", "unknown"],
    ["Dropped WebSockets", "unknown"],
    ["Data: done by rollwatch", databaseText(impact.database, recoveries.length)],
    ["Data: done by the faulty state", "unknown"],
  ];
  return [{ kind: "table", head: ["", ""], rows }];
}

function databaseText(database: readonly string[], recoveries: number): string {
  if (database.length > 0) {
    return database.join("\n");
  }
  return recoveries === 0
    ? "none: nothing was done"
    : "none: no plan that was carried out touches the database";
}

/** What speaks for the cause, and what was measured. */
export function evidenceBlocks({ incident, evidence, milestones }: AfterAction): readonly Block[] {
  const marks = [
    { at: incident.since, text: "first bad" },
    ...milestones.flatMap(({ name, at }) => (at === null ? [] : [{ at, text: name }])),
  ];
  const reasons: readonly Block[] =
    incident.evidence.length === 0
      ? [{ kind: "text", text: "Nothing speaks for a cause." }]
      : [{ kind: "list", items: incident.evidence }];
  return [
    { kind: "text", text: `Likely cause: ${incident.cause}.` },
    ...reasons,
    ...evidence.map((series) => ({ kind: "plot", series, marks }) as const),
    ...(evidence.length === 0
      ? [{ kind: "text", text: "No signal that is still configured belongs to it." } as const]
      : []),
  ];
}
