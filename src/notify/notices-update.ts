import { recoveryState, type Recovery } from "../model/history.ts";
import { isWell, type Signal } from "../model/signal.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import {
  budget,
  doing,
  draft,
  type IncidentNews,
  type NoticeDraft,
  trouble,
  whatAndWhy,
} from "./notices-draft.ts";

/** How things stand in the middle of an incident. */
export interface Standing {
  /** The newest plan for it; absent while there is none. */
  readonly recovery?: Recovery;
  readonly signals: readonly Signal[];
  /** How long the last rollback of this scope took, in milliseconds; null when there was none. */
  readonly expectedMs: number | null;
  /** When people last heard of the incident, ms since the epoch: one update follows from it, whatever crashed in between. */
  readonly after: number;
  /** From one message to the next, in milliseconds. */
  readonly everyMs: number;
}

/** How an open incident stands, for people who have heard nothing for a while: progress, health, what is next, and when the next message comes. */
export function statusUpdate(news: IncidentNews, standing: Standing): NoticeDraft {
  const { after, everyMs } = standing;
  const lines = progressOf(standing.recovery, standing.expectedMs);
  return draft(news, { reason: "status-update", key: [String(after)] }, [
    `${trouble(news)}: status update`,
    ...whatAndWhy(news),
    ...lines,
    healthOf(standing.signals),
    `Next message: at ${tellTime(news.now + everyMs)}, or as soon as something happens.`,
    budget(news),
  ]);
}

/** What is done, which step it is at, when it is over, and what follows. */
function progressOf(
  recovery: Recovery | undefined,
  expectedMs: number | null,
): readonly [string, string] {
  if (recovery === undefined) {
    return ["Progress: nothing is being done.", KEEPS_WATCHING];
  }
  const { plan, ended, approval } = recovery;
  if (ended !== undefined) {
    const next = ended.result === "needs-human" ? NEEDS_PERSON : KEEPS_WATCHING;
    const line = `Progress: plan ${plan.id}, ${doing(plan)}, ${ENDED[ended.result]}: ${ended.reason}.`;
    return [line, next];
  }
  if (approval !== undefined && recoveryState(recovery) === "waiting") {
    const waits =
      approval.countdownMs === undefined
        ? `waits for approval until ${tellTime(approval.expiresAt)}`
        : "begins by itself unless somebody stops it";
    return [
      `Progress: plan ${plan.id}, ${doing(plan)}, ${waits}.`,
      `Next: \`rollwatch approve ${plan.id}\` begins it, \`rollwatch reject ${plan.id}\` refuses it.`,
    ];
  }
  const when = expected(recovery, expectedMs);
  return [`Progress: ${doing(plan)}, ${whereOf(recovery)}. ${when}`, GOES_ON];
}

const ENDED = {
  completed: "is done",
  cancelled: "was cancelled",
  "needs-human": "was given up",
} as const;
const NEEDS_PERSON = "Next: a person must look; nothing more happens by itself.";
const KEEPS_WATCHING = "Next: rollwatch keeps watching and tells when it recovers.";
const GOES_ON = "Next: the result is checked, and told.";

function whereOf({ plan, steps, verification }: Recovery): string {
  if (verification !== undefined) {
    return `health is ${verification.result}`;
  }
  const done = new Set(
    steps
      .filter((one) => one.outcome !== undefined && one.outcome.kind !== "failed")
      .map((one) => one.step),
  );
  const current = plan.steps.find((step) => !done.has(step.id) && step.phase !== "settle");
  const count = `${done.size} of ${plan.steps.length} steps are done`;
  return current === undefined
    ? `${count}, its result is being checked`
    : `${count}, now ${current.text ?? current.id}`;
}

function expected({ plan, plannedAt }: Recovery, expectedMs: number | null): string {
  return expectedMs === null
    ? `Expected completion: not measured yet; the budget ends at ${tellTime(plan.deadline)}.`
    : `Expected completion: ${tellTime(plannedAt + expectedMs)}, ${tellDuration(expectedMs)} from its beginning as the last time.`;
}

function healthOf(signals: readonly Signal[]): string {
  const bad = signals.filter((one) => !isWell(one));
  const which = bad.map(({ name, state, reason }) => `${name} is ${state} (${reason})`).join("; ");
  return bad.length === 0
    ? `Health: all ${signals.length} signals are ok.`
    : `Health: ${signals.length - bad.length} of ${signals.length} signals are ok; ${which}.`;
}
