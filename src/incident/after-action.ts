import { emptyHistory, fold } from "../journal/fold.ts";
import { type FollowUps, tasksOf } from "../model/after-action.ts";
import type { Decision } from "../model/decision.ts";
import type { Entry } from "../model/facts.ts";
import type { Incident, Recovery } from "../model/history.ts";
import { TIER_BUDGET_MS } from "../model/tier.ts";
import { TRIGGER_ROWS } from "../model/trigger.ts";
import { checklistsOf } from "./checklists.ts";
import { type CarriedOut, carriedOut } from "./carried-out.ts";
import { entriesOf, type IncidentEntries } from "./entries.ts";
import {
  evidenceOf,
  type EvidenceSeries,
  type RecordedSample,
  type SignalScale,
} from "./evidence.ts";
import { databaseOf, type Impact, requestsOf } from "./impact.ts";
import { type Milestone, milestonesOf } from "./milestones.ts";
import { noticesOf, type ToldNotice } from "./notices.ts";
import { type Participant, peopleOf } from "./people.ts";
import { degradationOf, type Happening, responseOf } from "./timeline.ts";
import { unknownsOf } from "./unknowns.ts";

/** What an after-action report is made from. */
export interface AfterActionInput {
  readonly application: string;
  /** The whole journal, oldest first. */
  readonly entries: readonly Entry[];
  /** The incident's id. */
  readonly id: string;
  readonly samples: readonly RecordedSample[];
  /** Every configured signal. */
  readonly scales: readonly SignalScale[];
  /** When the report is made, ms since the epoch. */
  readonly now: number;
}

/**
 * Everything the journal knows about an incident, in the order in which people read it. Facts alone: judgement is people's, and is
 * left blank where it is printed. Times are ms since the epoch.
 */
export interface AfterAction extends FollowUps {
  /** Fields may be added, never renamed. */
  readonly format: 1;
  readonly application: string;
  readonly madeAt: number;
  readonly incident: Omit<Incident, "decisions" | "plans" | "toldAt" | "done">;
  readonly severity: (typeof TRIGGER_ROWS)[keyof typeof TRIGGER_ROWS]["severity"];
  /** The tier's budget from the first bad sample to a verified system, in milliseconds. */
  readonly budgetMs: number;
  readonly milestones: readonly Milestone[];
  readonly degradation: readonly Happening[];
  readonly response: readonly Happening[];
  readonly evidence: readonly EvidenceSeries[];
  readonly decisions: readonly Decision[];
  readonly recoveries: readonly CarriedOut[];
  readonly notices: readonly ToldNotice[];
  readonly impact: Impact;
  readonly people: readonly Participant[];
  readonly unknowns: readonly string[];
}

/** Evidence is shown from so long before the first bad sample until so long after the end, in milliseconds. */
const MARGIN_MS = 5 * 60_000;

/** The report of an incident as of now; undefined where the journal knows no such incident. */
export function afterActionOf(input: AfterActionInput): AfterAction | undefined {
  const found = entriesOf(input.entries, input.id);
  const folded = historyOf(found);
  const incident = folded.incidents[0];
  return incident === undefined ? undefined : compose(input, found, incident, folded.recoveries);
}

/** Of its own entries alone, so that nothing of an old incident is forgotten for newer ones. */
function historyOf({ own }: IncidentEntries): ReturnType<typeof fold> {
  let history = emptyHistory;
  for (const entry of own) {
    history = fold(history, entry);
  }
  return history;
}

function compose(
  input: AfterActionInput,
  found: IncidentEntries,
  folded: Incident,
  recoveries: readonly Recovery[],
): AfterAction {
  const { application, now, samples, scales } = input;
  const { decisions: _newest, plans: _ids, toldAt: _last, done: _ticked, ...incident } = folded;
  const decisions = found.own.flatMap(({ fact }) =>
    fact.kind === "decided" ? [fact.decision] : [],
  );
  const milestones = milestonesOf({ ...folded, decisions }, recoveries);
  const until = endOf(folded, milestones) ?? now;
  const span = { from: incident.since, until };
  const own = scales.filter(({ name }) => incident.signals.includes(name));
  const wide = { from: span.from - MARGIN_MS, until: until + MARGIN_MS };
  const evidence = evidenceOf(samples, own, wide);
  const notices = noticesOf(found.own);
  const isOver = endOf(folded, milestones) !== null;
  const impact = {
    durationMs: isOver ? until - incident.since : null,
    requests: requestsOf(samples, span),
    database: databaseOf(recoveries, notices),
  };
  const { around } = found;
  return {
    format: 1,
    application,
    madeAt: now,
    incident,
    severity: TRIGGER_ROWS[incident.trigger].severity,
    budgetMs: TIER_BUDGET_MS[incident.tier],
    milestones,
    degradation: degradationOf(folded, found),
    response: responseOf(folded, found),
    evidence,
    decisions,
    recoveries: recoveries.map(carriedOut),
    notices,
    impact,
    people: peopleOf(found.own),
    unknowns: unknownsOf({ incident: folded, recoveries, around, evidence, impact, until }),
    tasks: tasksOf(folded, recoveries),
    checklists: checklistsOf({ incident: folded, recoveries, notices, entries: input.entries }),
  };
}

/** When it was over for the users: verified, else closed; null while it is neither. */
function endOf(incident: Incident, milestones: readonly Milestone[]): number | null {
  return milestones.find(({ name }) => name === "verified")?.at ?? incident.closed?.at ?? null;
}
