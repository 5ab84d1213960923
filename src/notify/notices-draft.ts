import type { Incident } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";
import { changesDatabase, type Plan } from "../model/plan.ts";
import { TIER_BUDGET_MS } from "../model/tier.ts";
import type { Trigger } from "../model/trigger.ts";
import { tellDuration, tellTime } from "../model/units.ts";

/** A notice before it has an id, a time and channels. The same fact always makes the same `dedupKey`. */
export interface NoticeDraft extends Pick<
  Notice,
  "dedupKey" | "reason" | "incident" | "title" | "text"
> {
  /** Overrides the urgency of the reason. */
  readonly urgency?: Notice["urgency"];
  /** How far up it goes, where that is further than the rollback team. */
  readonly level?: 2 | 3;
  /** It may wait for business hours. */
  readonly canWait?: true;
  /** The channels that must have it, whatever its urgency. Absent: those of the routes and of people. */
  readonly channels?: readonly string[];
}

/** What every notice about an incident is made from. */
export interface IncidentNews {
  /** The application's name, first word of every title. */
  readonly application: string;
  readonly incident: Incident;
  readonly now: number;
  /** rollwatch does not see what it watches for: that waits for no morning, whatever the tier. */
  readonly isBlind?: boolean;
}

/** What is wrong with the application, by trigger, so that its name can stand before it. */
const TROUBLE: Readonly<Record<Trigger, string>> = {
  "system-down": "is down",
  "database-connection": "cannot reach its database",
  "security-vulnerability": "has a security vulnerability",
  "data-corruption": "has corrupt data",
  "alerting-broken": "raises no alerts",
  "slow-responses": "answers too slowly",
  "error-rate": "fails too many requests",
  memory: "is running out of memory",
  "pool-exhausted": "has no free database connection",
  websocket: "fails its WebSocket clients",
  "minor-functionality": "has a fault in a minor function",
  "user-interface": "has a fault in its user interface",
  "non-critical-feature": "has a fault in a non-critical feature",
  "monitoring-broken": "is not monitored as it should be",
};

/** The application with what is wrong with it: `radiation-health is down`. */
export function trouble({ application, incident }: IncidentNews): string {
  return `${application} ${TROUBLE[incident.trigger]}`;
}

/** A notice of an incident; `key` are the words that tell this fact from others of its reason, such as the plan's id. */
export function draft(
  { incident }: IncidentNews,
  about: Pick<NoticeDraft, "reason"> & { readonly key: readonly string[] },
  [title = "", ...lines]: readonly string[],
): NoticeDraft {
  const dedupKey = [incident.id, about.reason, ...about.key].join(":");
  const text = lines.join("\n");
  // Whoever was called hears how it goes on.
  const level = incident.escalated === undefined ? {} : { level: incident.escalated.level };
  return { dedupKey, reason: about.reason, incident: incident.id, title, text, ...level };
}

/** A message that waits for no night's sleep where the tier does: planned matters wake nobody. */
export function byTier({ incident, isBlind }: IncidentNews, message: NoticeDraft): NoticeDraft {
  const canWait = incident.tier === "planned" && isBlind !== true;
  return canWait ? { ...message, urgency: "tell", canWait } : message;
}

/** The first lines of each message: what is wrong, since when, and why. */
export function whatAndWhy({ incident, now }: IncidentNews): readonly string[] {
  const since = `${tellTime(incident.since)} (${tellDuration(now - incident.since)} ago)`;
  const { reported, signals, trigger } = incident;
  const seen = signals.length === 0 ? "" : ` by ${signals.join(", ")}`;
  return [
    `What: ${trigger}${seen}, since ${since}. Incident ${incident.id}.`,
    ...(reported === undefined ? [] : [`Reported by ${reported.by}: ${reported.reason}`]),
    `Likely cause: ${incident.cause}.`,
    ...incident.evidence.map((line) => `- ${line}`),
  ];
}

/** The last line of each message while the clock runs. */
export function budget({ incident, now }: IncidentNews): string {
  const used = tellDuration(now - incident.since);
  return `Budget used: ${used} of ${tellDuration(TIER_BUDGET_MS[incident.tier])} (tier ${incident.tier}).`;
}

/** What a plan does, as in `radiation-health is down: restarting api`. */
export function doing(plan: Plan): string {
  return plan.target === null
    ? `restarting ${restarted(plan)}`
    : `rolling back ${plan.scope === "application" ? "" : `${goingBack(plan)} `}to ${plan.target}`;
}

/** What a plan takes back, such as `the configuration (environment)`. */
export function goingBack({ scope, kinds = [] }: Plan): string {
  const part = scope === "schema" ? "schema" : "database";
  const whole = changesDatabase(scope) ? `the application with its ${part}` : "the application";
  return scope === "configuration" ? `the configuration (${kinds.join(", ")})` : whole;
}

/** Whether only configuration goes back, and the code stays. */
export function isConfiguration({ scope }: Plan): boolean {
  return scope === "configuration";
}

/** The services that a plan restarts. */
export function restarted({ steps }: Plan): string {
  const names = steps.flatMap((step) =>
    typeof step["service"] === "string" ? [step["service"]] : [],
  );
  return [...new Set(names)].join(", ") || "nothing";
}
