import type { KnownRelease, Recovery } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { Verification } from "../model/verification.ts";
import {
  budget,
  doing,
  draft,
  goingBack,
  type IncidentNews,
  isConfiguration,
  type NoticeDraft,
  restarted,
  trouble,
  whatAndWhy,
} from "./notices-draft.ts";

/** A rollback or a restart begins: what is wrong, why, what happens now, and until when. */
export function rollbackStarted(
  news: IncidentNews,
  plan: Plan,
  expectedMs: number | null,
): NoticeDraft {
  const { id, target, steps, requestedBy, deadline } = plan;
  const expected =
    expectedMs === null
      ? "not measured yet"
      : `in ${tellDuration(expectedMs)}, from earlier rollbacks`;
  const being =
    target === null ? `restarting ${restarted(plan)}` : `${goingBack(plan)} goes back to ${target}`;
  const reason = target === null ? "restart-started" : "rollback-started";
  return draft(news, { reason, key: [id] }, [
    `${trouble(news)}: ${doing(plan)}`,
    ...whatAndWhy(news),
    `Being done: ${being} (plan ${id}, ${steps.length} steps, asked for by ${requestedBy}).`,
    ...(target === null
      ? [`Its time ends at ${tellTime(deadline)}.`]
      : [`Expected completion: ${expected}; the budget ends at ${tellTime(deadline)}.`]),
    "Next: the result is checked. The next message says whether it is proven healthy, or that a person is needed.",
    budget(news),
  ]);
}

/** What people must know beyond a result. */
interface Aftermath {
  /** What the recovery went on without. Default nothing. */
  readonly leftUndone?: readonly string[];
  /** How long no other rollback is done by itself, in milliseconds. Default 0. */
  readonly cooldownMs?: number;
}

/** A plan was carried out and checked: healthy again, with when to deploy again and what to learn from it, or not. */
export function rollbackVerified(
  news: IncidentNews,
  recovery: Recovery,
  verification: Verification,
  aftermath: Aftermath = {},
): NoticeDraft {
  return verification.result === "proven"
    ? tellProven(news, recovery, verification, aftermath)
    : tellNotProven(news, recovery, verification);
}

function tellProven(
  news: IncidentNews,
  { plan }: Recovery,
  verification: Verification,
  { leftUndone = [], cooldownMs = 0 }: Aftermath,
): NoticeDraft {
  const { target } = plan;
  const how = target === null ? `after restarting ${restarted(plan)}` : on(plan, target);
  const reason = target === null ? "serviced" : "rollback-verified";
  const next =
    target === null
      ? "find out what a fresh process cured; nothing was changed, so it can come back."
      : "find out what was wrong with the release before it is deployed again.";
  return draft(news, { reason, key: [plan.id] }, [
    `${news.application} is healthy again ${how}`,
    ...whatAndWhy(news),
    done(plan),
    ...leftUndone.map((line) => `Left undone: ${line}.`),
    ...proofOf(verification),
    ...(target === null || plan.scope === "database" ? [] : [againFrom(news, plan, cooldownMs)]),
    ...(target === null ? [] : [toLearn(news)]),
    `Next: ${next} No further message unless it breaks again.`,
    budget(news),
  ]);
}

/** When deployment may be tried again: whoever deploys while nothing is rolled back by itself watches alone. */
function againFrom({ now }: IncidentNews, { from }: Plan, cooldownMs: number): string {
  const name = from.commit?.slice(0, 10) ?? from.served ?? undefined;
  const replaced = name === undefined ? "what was replaced" : `what was replaced (${name})`;
  const alone =
    cooldownMs === 0
      ? ""
      : `; best after ${tellTime(now + cooldownMs)}, until when rollwatch rolls nothing back by itself`;
  return `Deployment: ${replaced} must not be deployed again as it is. A mended version may be deployed${alone}.`;
}

function toLearn({ incident }: IncidentNews): string {
  return `To learn: why nothing before the deployment found it, and what would have shown it sooner; \`rollwatch incident show ${incident.id}\` has the times and the evidence.`;
}

function on(plan: Plan, target: string): string {
  return isConfiguration(plan) ? `with ${goingBack(plan)} of ${target}` : `on ${target}`;
}

/** A proof may stand beside checks that are only told when they fail. */
function proofOf({ checks, at }: Verification): readonly string[] {
  const told = checks.filter((check) => !check.passed);
  const which = told.length === 0 ? "all" : `${checks.length - told.length} of`;
  return [
    `Proof: ${which} ${checks.length} checks passed at ${tellTime(at)}.`,
    ...told.map((check) => `- noticed, not held against it: ${check.name} (${check.detail})`),
  ];
}

function tellNotProven(
  news: IncidentNews,
  { plan }: Recovery,
  { checks, result }: Verification,
): NoticeDraft {
  const { target } = plan;
  const failed = checks.filter((check) => !check.passed && check.weight !== "tell");
  const what =
    target === null
      ? `restarted ${restarted(plan)}`
      : `${isConfiguration(plan) ? `${goingBack(plan)} ` : ""}rolled back to ${target}`;
  const reason = target === null ? "restart-unhelpful" : "rollback-unverified";
  const next =
    target === null
      ? "The restart did not cure it, and nothing was changed that could be taken back."
      : "rollwatch stops here and does not roll back again: the environment is probably at fault.";
  return draft(news, { reason, key: [plan.id] }, [
    `${news.application}: ${what}, but health is ${result}`,
    ...whatAndWhy(news),
    done(plan),
    `Not proven: ${failed.map((check) => `${check.name} (${check.detail})`).join("; ")}.`,
    `Next: a person must look now. ${next}`,
    budget(news),
  ]);
}

function done(plan: Plan): string {
  const { id, steps, target } = plan;
  const restored = isConfiguration(plan)
    ? `${goingBack(plan)} is that of ${target}`
    : `${target} is deployed`;
  const state = target === null ? "what is deployed is as before" : restored;
  return `Done: plan ${id} of ${steps.length} steps; ${state}.`;
}

/** A plan that was not needed any more: nothing was changed. */
export function rollbackCancelled(news: IncidentNews, plan: Plan, why: string): NoticeDraft {
  const reason = plan.target === null ? "restart-cancelled" : "rollback-cancelled";
  return draft(news, { reason, key: [plan.id] }, [
    `${news.application}: ${planned(plan)} cancelled, nothing was changed`,
    ...whatAndWhy(news),
    `Cancelled before its first act: ${why}.`,
    "Next: rollwatch keeps watching. No further message unless the breach returns.",
    budget(news),
  ]);
}

/** rollwatch stopped in the middle and left a person everything it knows. */
export function needsHuman(news: IncidentNews, recovery: Recovery, why: string): NoticeDraft {
  const { plan, steps } = recovery;
  const ended = steps.filter((one) => one.outcome !== undefined && one.outcome.kind !== "failed");
  const last = steps.at(-1);
  const stuck = last === undefined || ended.includes(last) ? undefined : last;
  const where = stuck === undefined ? "" : ` It stopped at ${stuck.step}${failureOf(stuck)}.`;
  return draft(news, { reason: "needs-human", key: [plan.id] }, [
    `${news.application}: the ${planned(plan)} needs a person now`,
    ...whatAndWhy(news),
    `Given up: ${why}. ${new Set(ended.map((one) => one.step)).size} of ${plan.steps.length} steps are done.${where}`,
    "Next: nothing more happens by itself. No further message is planned; look at `rollwatch status`.",
    budget(news),
  ]);
}

/** A breach that ended by itself or by a person's hand: no rollback was proven to have cured it. */
export function recovered(news: IncidentNews): NoticeDraft {
  return draft(news, { reason: "recovered", key: [] }, [
    `${news.application} is healthy again, not by a proven rollback`,
    ...whatAndWhy(news),
    `Every signal is ok again at ${tellTime(news.now)}, ${tellDuration(news.now - news.incident.since)} after the first bad sample.`,
    "Next: nothing. No further message unless it breaks again.",
  ]);
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

function failureOf({ outcome }: Recovery["steps"][number]): string {
  return outcome === undefined ? " without an outcome" : `: ${outcome.detail}`;
}

function planned(plan: Plan): string {
  return plan.target === null
    ? `restart of ${restarted(plan)}`
    : `rollback ${isConfiguration(plan) ? `of ${goingBack(plan)} ` : ""}to ${plan.target}`;
}
