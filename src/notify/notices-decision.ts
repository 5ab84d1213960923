import type { Decision } from "../model/decision.ts";
import { isApproved, type Approval, type Recovery } from "../model/history.ts";
import { TRIGGER_ROWS } from "../model/trigger.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import {
  budget,
  byTier,
  doing,
  draft,
  type IncidentNews,
  type NoticeDraft,
  trouble,
  whatAndWhy,
} from "./notices-draft.ts";

/** A plan that waits for people: for their word, or to be stopped before it begins by itself. */
export function asked(news: IncidentNews, decision: Decision, waiting?: Recovery): NoticeDraft {
  const countdownMs = waiting?.approval?.countdownMs;
  return waiting === undefined || countdownMs === undefined
    ? recommended(news, decision, waiting)
    : countdown(news, waiting, { countdownMs, reason: decision.reason });
}

/** A breach that a person must decide about, with the plan that waits for the word; without one where none could be made. */
export function recommended(
  news: IncidentNews,
  decision: Decision,
  waiting?: Recovery,
): NoticeDraft {
  const { action, services, target, kinds } = decision;
  const what = kinds === undefined ? "" : ` with the configuration (${kinds.join(", ")})`;
  const about =
    action === "restart"
      ? `restarting ${(services ?? []).join(", ") || "services"}`
      : `going back${what} to ${target ?? "an earlier release"}`;
  const key = [waiting?.plan.id ?? news.incident.trigger];
  const message = draft(news, { reason: "recommended", key }, [
    `${trouble(news)}: decide about ${about}`,
    ...whatAndWhy(news),
    `Not done by itself: ${blocks(decision)}.`,
    ...(waiting?.approval === undefined ? UNPLANNED : wait(waiting, waiting.approval)),
    budget(news),
  ]);
  return byTier(news, message);
}

/** What rollwatch is about to do by itself, told before so that somebody can stop it. */
function countdown(
  news: IncidentNews,
  { plan }: Recovery,
  { countdownMs, reason }: { readonly countdownMs: number; readonly reason: string },
): NoticeDraft {
  const after = tellDuration(countdownMs);
  return draft(news, { reason: "countdown", key: [plan.id] }, [
    `${trouble(news)}: ${doing(plan)} begins in ${after} unless somebody stops it`,
    ...whatAndWhy(news),
    reason,
    `Counted down: plan ${plan.id} (${plan.steps.length} steps), ${after} from ${tellTime(news.now)}.`,
    `Next: \`rollwatch reject ${plan.id}\` stops it, \`rollwatch approve ${plan.id}\` begins it at once, \`rollwatch pause\` stops everything. Without a word it begins by itself where the guards still allow it; the next message says so, or why not.`,
    budget(news),
  ]);
}

const UNPLANNED = [
  "Next: a person decides; `rollwatch rollback --dry-run` shows the plan. Nothing happens until then, and no further message is planned.",
];

function wait({ plan }: Recovery, approval: Approval): readonly string[] {
  return [
    `Waiting: plan ${plan.id} (${plan.steps.length} steps) until ${tellTime(approval.expiresAt)}, for ${whoDecides(approval)}.`,
    `Next: \`rollwatch rollback --dry-run\` shows the plan, \`rollwatch approve ${plan.id}\` begins it, \`rollwatch reject ${plan.id}\` refuses it. Nothing happens until then; the next message says what was decided, or that nobody did.`,
  ];
}

function whoDecides({ roles, everyRole }: Approval): string {
  return everyRole && roles.length > 1
    ? `${roles.join(" and ")}, each by another person`
    : roles.join(" or ");
}

/** A breach that is left alone, and why. Informs only where nothing may be done, or nothing needs to be at once. */
export function held(news: IncidentNews, decision: Decision): NoticeDraft {
  const { mode } = news.incident;
  const isMuted = mode === "off" || mode === "shadow";
  const nothing = decision.action === "restart" ? "no restart" : "no rollback";
  // Told again when it is found to be blindness: what was told before woke nobody.
  const key = [news.incident.trigger, ...(news.isBlind === true ? ["blind"] : [])];
  const message = draft(news, { reason: "held", key }, [
    `${trouble(news)}: ${nothing}${isMuted ? ` (mode ${mode})` : ", a person must look"}`,
    ...whatAndWhy(news),
    decision.reason,
    "Next: rollwatch keeps watching and tells when it recovers.",
    budget(news),
  ]);
  return isMuted || isOnlyToTell(news, decision)
    ? { ...message, urgency: "tell" }
    : byTier(news, message);
}

/** The runbook's word for some triggers where nothing was changed: tell. */
function isOnlyToTell({ incident, isBlind }: IncidentNews, { guards }: Decision): boolean {
  const isUnchanged = guards.some(
    (one) => one.guard === "change-in-blame-window" && one.answer === "block",
  );
  const isToTell = TRIGGER_ROWS[incident.trigger].withoutChange === "tell";
  return isUnchanged && isToTell && isBlind !== true;
}

/** Somebody approved a plan; it begins, or waits for another's word. */
export function approvalGiven(news: IncidentNews, { plan, approval }: Recovery): NoticeDraft {
  const given = approval?.given ?? [];
  const by = given.at(-1)?.by ?? "somebody";
  const missing = approval?.roles.filter((role) => !given.some((one) => one.role === role)) ?? [];
  const next =
    approval === undefined || isApproved(approval)
      ? "the guards are asked once more, then it begins; the next message says so, or why not."
      : `it still waits for ${missing.join(" and ")}, until ${tellTime(approval.expiresAt)}.`;
  return draft(news, { reason: "approval-given", key: [plan.id, by] }, [
    `${news.application}: ${by} approved ${doing(plan)}`,
    ...whatAndWhy(news),
    `Approved: plan ${plan.id}, by ${given.map((one) => `${one.by} (${one.role})`).join(", ")}.`,
    `Next: ${next}`,
    budget(news),
  ]);
}

/** Somebody decided alone what takes two: everybody must know, also who does not decide. */
export function approvalOverridden(news: IncidentNews, { plan, approval }: Recovery): NoticeDraft {
  const given = approval?.given ?? [];
  const { by, role, override } = given.at(-1) ?? { by: "somebody", role: "no role" };
  const said = new Set(given.map((one) => one.role));
  const passed = approval?.roles.filter((one) => !said.has(one)).join(" and ");
  return draft(news, { reason: "approval-overridden", key: [plan.id, by] }, [
    `${news.application}: ${by} alone decided about ${doing(plan)}`,
    ...whatAndWhy(news),
    `Decided by one person: plan ${plan.id}, by ${by} (${role}), without ${passed ?? "anybody else"}. Why: ${override ?? "no reason was given"}`,
    `Next: the guards are asked once more, then it begins; \`rollwatch reject ${plan.id}\` still refuses it until then.`,
    budget(news),
  ]);
}

/** A plan that waits has not been decided about for a while: those who decide are asked again, and everybody else with them. */
export function approvalUnanswered(
  news: IncidentNews,
  waiting: Recovery & { readonly approval: Approval },
  turn: number,
): NoticeDraft {
  const { plan, approval } = waiting;
  const { given, askedAt, roles } = approval;
  const missing = roles.filter((role) => !given.some((one) => one.role === role));
  const said = given.map((one) => `${one.by} (${one.role})`).join(", ");
  return draft(news, { reason: "approval-unanswered", key: [plan.id, String(turn)] }, [
    `${trouble(news)}: still nobody decides about ${doing(plan)}`,
    ...whatAndWhy(news),
    `Asked ${tellDuration(news.now - askedAt)} ago and not decided; ${said === "" ? "nobody has answered" : `approved by ${said} so far`}. Needed: ${missing.join(approval.everyRole ? " and " : " or ")}.`,
    ...wait(waiting, approval),
    budget(news),
  ]);
}

/** Somebody refused a plan. */
export function approvalRejected(news: IncidentNews, { plan, approval }: Recovery): NoticeDraft {
  const by = approval?.rejected?.by ?? "somebody";
  return draft(news, { reason: "approval-rejected", key: [plan.id] }, [
    `${news.application}: ${by} rejected ${doing(plan)}`,
    ...whatAndWhy(news),
    `Rejected: plan ${plan.id}: ${approval?.rejected?.reason ?? "no reason was given"}`,
    "Next: rollwatch does not ask again in this incident, and tells when it recovers.",
    budget(news),
  ]);
}

/** Nobody decided about a plan in time. */
export function approvalExpired(news: IncidentNews, { plan, approval }: Recovery): NoticeDraft {
  const missing = approval === undefined ? "anybody" : whoDecides(approval);
  const message = draft(news, { reason: "approval-expired", key: [plan.id] }, [
    `${trouble(news)}: nobody decided about ${doing(plan)} in time`,
    ...whatAndWhy(news),
    `Expired: plan ${plan.id} waited for ${missing}.`,
    "Next: a person must look. While the breach lasts another plan is made and asked about.",
    budget(news),
  ]);
  return byTier(news, message);
}

function blocks(decision: Decision): string {
  const reasons = decision.guards.flatMap((one) => (one.answer === "block" ? [one.reason] : []));
  return reasons.join("; ") || decision.reason;
}
