import type { Fact } from "../model/facts.ts";
import type { Incident } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import { BLAME_WINDOW_MS } from "../model/tier.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { IncidentEntries } from "./entries.ts";
import { type FactTexts, tellFact } from "./tell-fact.ts";

/** Something that happened, in one line. */
export interface Happening {
  /** ms since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** How the application fared: what was changed before, the first bad sample, what joined it, and its end. */
export function degradationOf(
  incident: Incident,
  { own, around }: IncidentEntries,
): readonly Happening[] {
  const earliest = incident.since - BLAME_WINDOW_MS[incident.tier];
  const latest = incident.closed?.at ?? Infinity;
  const changes = around.flatMap(({ fact }) =>
    fact.kind === "change-seen" && fact.change.at >= earliest && fact.change.at <= latest
      ? [{ at: fact.change.at, text: changeText(fact.change) }]
      : [],
  );
  const first =
    incident.reported === undefined || incident.signals.length > 0
      ? [{ at: incident.since, text: "the first bad sample" }]
      : [];
  const found = own.flatMap(({ at, fact }) => {
    const text = tellFact(fact, DEGRADATION);
    return text === undefined ? [] : [{ at, text }];
  });
  return inOrder([...changes, ...first, ...found]);
}

function changeText({ plan, summary }: Extract<Fact, { kind: "change-seen" }>["change"]): string {
  const by = plan === undefined ? "" : `, made by plan ${plan}`;
  return `a change was seen${by}: ${summary.join("; ")}`;
}

const DEGRADATION: FactTexts<string> = {
  "incident-opened": (fact) =>
    fact.reported === undefined
      ? `${fact.trigger} was proven by ${fact.signals.join(", ")} (tier ${fact.tier})`
      : `${fact.trigger} was reported by ${fact.reported.by}: ${fact.reported.reason}`,
  "incident-grown": (fact) =>
    `the incident grew: ${fact.trigger} (tier ${fact.tier}), now ${fact.signals.join(", ")}`,
  judged: (fact) => `likely cause: ${fact.cause}`,
  verified: (fact) => `health after plan ${fact.plan}: ${fact.verification.result}`,
  closed: (fact) => `the incident was closed (${fact.outcome}): ${fact.reason}`,
};

/** What rollwatch and people did about it. Deliveries stand elsewhere. */
export function responseOf(
  incident: Incident,
  { own, around }: IncidentEntries,
): readonly Happening[] {
  const plans = new Map(
    own.flatMap(({ fact }) => (fact.kind === "planned" ? [[fact.plan.id, fact.plan]] : [])),
  );
  const texts = { ...PEOPLE, ...recoveryTexts(plans), ...SURROUNDINGS };
  const until = incident.closed?.at ?? Infinity;
  const during = around.filter(({ at }) => at >= incident.since && at <= until);
  return inOrder(
    [...own, ...during].flatMap(({ at, fact }) => {
      const text = tellFact(fact, texts);
      return text === undefined ? [] : [{ at, text }];
    }),
  );
}

const PEOPLE: FactTexts<string> = {
  "incident-opened": (fact) =>
    fact.reported === undefined ? "rollwatch opened the incident" : undefined,
  decided: (fact) => `rollwatch decided: ${fact.decision.kind}, ${fact.decision.reason}`,
  "approval-asked": (fact) =>
    `approval of plan ${fact.plan} was asked of ${fact.roles.join(fact.everyRole ? " and " : " or ")}, until ${tellTime(fact.expiresAt)}${fact.countdownMs === undefined ? "" : `; it was to begin by itself after ${tellDuration(fact.countdownMs)}`}`,
  approved: (fact) =>
    `${fact.by} approved plan ${fact.plan} as ${fact.role}${fact.override === undefined ? "" : `, alone for all: ${fact.override}`}`,
  "countdown-over": (fact) => `nobody stopped plan ${fact.plan} while it was counted down`,
  rejected: (fact) => `${fact.by} rejected plan ${fact.plan}: ${fact.reason}`,
  "answer-refused": (fact) =>
    `an answer of ${fact.by ?? "somebody unknown"} did not count: ${fact.reason}`,
  acknowledged: (fact) => `${fact.by} looks after the incident`,
  noted: (fact) => `${fact.by} noted: ${fact.text}`,
  "task-done": (fact) => `${fact.by} ticked ${fact.task}`,
  labelled: (fact) => `${fact.by} labelled it ${fact.label}`,
  closed: (fact) => `${fact.by ?? "rollwatch"} closed the incident: ${fact.reason}`,
};

function recoveryTexts(plans: ReadonlyMap<string, Plan>): FactTexts<string> {
  return {
    planned: (fact) =>
      `plan ${fact.plan.id} was made (${fact.plan.scope}, ${fact.plan.target ?? "no other release"}), asked for by ${fact.plan.requestedBy}`,
    "recovery-started": (fact) => `plan ${fact.plan} was begun`,
    "step-finished": (fact) => `${stepText(plans.get(fact.plan), fact.step)}: ${fact.outcome.kind}`,
    verified: (fact) => `the result of plan ${fact.plan} was checked: ${fact.verification.result}`,
    "recovery-ended": (fact) => `plan ${fact.plan} ended: ${fact.result}, ${fact.reason}`,
  };
}

/** A step as people read it. */
export function stepText(plan: Plan | undefined, step: string): string {
  return plan?.steps.find(({ id }) => id === step)?.text ?? step;
}

const SURROUNDINGS: FactTexts<string> = {
  "daemon-started": (fact) => `rollwatch ${fact.version} started`,
  "daemon-stopped": (fact) => `rollwatch stopped: ${fact.reason}`,
  "clock-set": (fact) =>
    `the wall clock was set ${fact.byMs < 0 ? "back" : "forward"} by ${tellDuration(Math.abs(fact.byMs))}`,
  "observing-only": (fact) => `rollwatch only observed from here: ${fact.reason}`,
  paused: (fact) => `${fact.by} paused rollwatch: ${fact.reason}`,
  resumed: (fact) => `${fact.by} resumed rollwatch`,
  "maintenance-started": (fact) => `${fact.by} declared a maintenance: ${fact.reason}`,
  "maintenance-ended": (fact) => `${fact.by} ended the maintenance`,
};

/** By time; what is of one moment stays in the journal's order. */
function inOrder(happenings: readonly Happening[]): readonly Happening[] {
  return happenings.toSorted((left, right) => left.at - right.at);
}
