import type { Decision } from "../model/decision.ts";
import type { Incident, KnownRelease, Recovery } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";
import type { Plan } from "../model/plan.ts";
import type { Service } from "../model/service.ts";
import { TIER_BUDGET_MS } from "../model/tier.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { Verification } from "../model/verification.ts";

/** A notice before it has an id, a time and channels. The same fact always makes the same `dedupKey`. */
export interface NoticeDraft extends Pick<
  Notice,
  "dedupKey" | "reason" | "incident" | "title" | "text"
> {
  /** Overrides the urgency of the reason. */
  readonly urgency?: Notice["urgency"];
}

/** What every notice about an incident is made from. */
export interface IncidentNews {
  /** The application's name, first word of every title. */
  readonly application: string;
  readonly incident: Incident;
  readonly now: number;
}

/** A rollback begins: what is wrong, why it is the release, what happens now, and until when. */
export function rollbackStarted(
  news: IncidentNews,
  plan: Plan,
  expectedMs: number | null,
): NoticeDraft {
  const expected =
    expectedMs === null
      ? "not measured yet"
      : `in ${tellDuration(expectedMs)}, from earlier rollbacks`;
  return draft(news, { reason: "rollback-started", plan: plan.id }, [
    `${news.application} is down: rolling back to ${plan.target}`,
    ...whatAndWhy(news),
    `Being done: the application goes back to ${plan.target} (plan ${plan.id}, ${plan.steps.length} steps, asked for by ${plan.requestedBy}).`,
    `Expected completion: ${expected}; the budget ends at ${tellTime(plan.deadline)}.`,
    "Next: the result is checked. The next message says whether it is proven healthy, or that a person is needed.",
    budget(news),
  ]);
}

/** A rollback was carried out and checked: healthy again, or not. */
export function rollbackVerified(
  news: IncidentNews,
  recovery: Recovery,
  verification: Verification,
  leftUndone: readonly string[] = [],
): NoticeDraft {
  const { plan } = recovery;
  const isProven = verification.result === "proven";
  const failed = verification.checks.filter((check) => !check.passed);
  const done = `Done: plan ${plan.id} of ${plan.steps.length} steps; ${plan.target} is deployed.`;
  if (isProven) {
    return draft(news, { reason: "rollback-verified", plan: plan.id }, [
      `${news.application} is healthy again on ${plan.target}`,
      ...whatAndWhy(news),
      done,
      ...leftUndone.map((line) => `Left undone: ${line}.`),
      `Proof: all ${verification.checks.length} checks passed at ${tellTime(verification.at)}.`,
      "Next: find out what was wrong with the release before it is deployed again. No further message unless it breaks again.",
      budget(news),
    ]);
  }
  return draft(news, { reason: "rollback-unverified", plan: plan.id }, [
    `${news.application}: rolled back to ${plan.target}, but health is ${verification.result}`,
    ...whatAndWhy(news),
    done,
    `Not proven: ${failed.map((check) => `${check.name} (${check.detail})`).join("; ")}.`,
    "Next: a person must look now. rollwatch stops here and does not roll back again: the environment is probably at fault.",
    budget(news),
  ]);
}

/** A rollback that was not needed any more: nothing was changed. */
export function rollbackCancelled(news: IncidentNews, plan: Plan, why: string): NoticeDraft {
  return draft(news, { reason: "rollback-cancelled", plan: plan.id }, [
    `${news.application}: rollback to ${plan.target} cancelled, nothing was changed`,
    ...whatAndWhy(news),
    `Cancelled before its first act: ${why}.`,
    "Next: rollwatch keeps watching. No further message unless the breach returns.",
    budget(news),
  ]);
}

/** rollwatch stopped in the middle and left a person everything it knows. */
export function needsHuman(news: IncidentNews, recovery: Recovery, why: string): NoticeDraft {
  const { plan, steps } = recovery;
  const done = steps.filter((one) => one.outcome !== undefined && one.outcome.kind !== "failed");
  const last = steps.at(-1);
  const stuck = last === undefined || done.includes(last) ? undefined : last;
  const where = stuck === undefined ? "" : ` It stopped at ${stuck.step}${failureOf(stuck)}.`;
  return draft(news, { reason: "needs-human", plan: plan.id }, [
    `${news.application}: the rollback to ${plan.target} needs a person now`,
    ...whatAndWhy(news),
    `Given up: ${why}. ${new Set(done.map((one) => one.step)).size} of ${plan.steps.length} steps are done.${where}`,
    "Next: nothing more happens by itself. No further message is planned; look at `rollwatch status`.",
    budget(news),
  ]);
}

/** A breach that a person must decide about. */
export function recommended(news: IncidentNews, decision: Decision): NoticeDraft {
  return draft(news, { reason: "recommended" }, [
    `${news.application} is down: decide about going back to ${decision.target ?? "an earlier release"}`,
    ...whatAndWhy(news),
    `Not done by itself: ${blocks(decision)}.`,
    "Next: a person decides; `rollwatch rollback --dry-run` shows the plan. Nothing happens until then, and no further message is planned.",
    budget(news),
  ]);
}

/** A breach that is left alone, and why. Informs only where the policy says that nothing may be done. */
export function held(news: IncidentNews, decision: Decision): NoticeDraft {
  const { mode } = news.incident;
  const isMuted = mode === "off" || mode === "shadow";
  const message = draft(news, { reason: "held" }, [
    `${news.application} is down: no rollback${isMuted ? ` (mode ${mode})` : ", a person must look"}`,
    ...whatAndWhy(news),
    decision.reason,
    "Next: rollwatch keeps watching and tells when it recovers.",
    budget(news),
  ]);
  return isMuted ? { ...message, urgency: "tell" } : message;
}

/** A breach that ended by itself or by a person's hand: no rollback was proven to have cured it. */
export function recovered(news: IncidentNews): NoticeDraft {
  return draft(news, { reason: "recovered" }, [
    `${news.application} is healthy again, not by a proven rollback`,
    ...whatAndWhy(news),
    `Every signal is ok again at ${tellTime(news.now)}, ${tellDuration(news.now - news.incident.since)} after the first bad sample.`,
    "Next: nothing. No further message unless it breaks again.",
  ]);
}

/** A person stopped services; told once per stop, because each start of a process has an id of its own. */
export function stoppedByPerson(application: string, services: readonly Service[]): NoticeDraft {
  const names = services.map((service) => service.name).join(", ");
  const starts = services.flatMap((service) => service.instances.map((one) => one.uniqueId));
  return {
    dedupKey: `none:stopped-by-person:${starts.toSorted().join(",")}`,
    reason: "stopped-by-person",
    incident: null,
    title: `${application}: a person stopped ${names}`,
    text: `Stopped in pm2: ${names}. rollwatch takes that for a wish and does nothing. Start them again when the work is done.`,
  };
}

/** A release that one can go back to from now on. */
export function releaseProven(application: string, release: KnownRelease): NoticeDraft {
  const proven = release.provenAt === undefined ? "" : ` at ${tellTime(release.provenAt)}`;
  return {
    dedupKey: `none:release-proven:${release.id}`,
    reason: "release-proven",
    incident: null,
    title: `${application}: ${release.id} is proven healthy`,
    text: `Every signal was ok through the bake time${proven}. It is captured${release.tag === null ? "" : ` and tagged ${release.tag}`}: rollwatch can go back to it.`,
  };
}

function draft(
  { incident }: IncidentNews,
  about: { readonly reason: NoticeDraft["reason"]; readonly plan?: string },
  [title = "", ...lines]: readonly string[],
): NoticeDraft {
  const key = [incident.id, about.reason, ...(about.plan === undefined ? [] : [about.plan])];
  const text = lines.join("\n");
  return { dedupKey: key.join(":"), reason: about.reason, incident: incident.id, title, text };
}

function whatAndWhy({ incident, now }: IncidentNews): readonly string[] {
  const since = `${tellTime(incident.since)} (${tellDuration(now - incident.since)} ago)`;
  return [
    `What: ${incident.trigger} by ${incident.signals.join(", ")}, since ${since}. Incident ${incident.id}.`,
    `Likely cause: ${incident.cause}.`,
    ...incident.evidence.map((line) => `- ${line}`),
  ];
}

function budget({ incident, now }: IncidentNews): string {
  const used = tellDuration(now - incident.since);
  return `Budget used: ${used} of ${tellDuration(TIER_BUDGET_MS[incident.tier])} (tier ${incident.tier}).`;
}

function blocks(decision: Decision): string {
  const reasons = decision.guards.flatMap((one) => (one.answer === "block" ? [one.reason] : []));
  return reasons.join("; ") || decision.reason;
}

function failureOf({ outcome }: Recovery["steps"][number]): string {
  return outcome === undefined ? " without an outcome" : `: ${outcome.detail}`;
}
