import { assertNever } from "../model/assert-never.ts";
import type { Decision, DecisionKind, GuardAnswer } from "../model/decision.ts";
import type { Guard } from "./guard.ts";
import { GUARDS } from "./guards/index.ts";
import { mode } from "./guards/mode.ts";
import type { BreachSituation, Situation } from "./situation.ts";

/** What to do about a verdict. Only a proven breach asks the guards; every guard is asked and every answer kept. */
export function decide(situation: Situation, guards: readonly Guard[] = GUARDS): Decision {
  const { verdict, now } = situation;
  const silent = { at: now, guards: [], target: null };
  switch (verdict.kind) {
    case "healthy":
      return { ...silent, kind: "hold", reason: "No signal is in breach." };
    case "suspect": {
      const reason = `Watching ${verdict.signals.join(", ")}: bad, but not proven yet.`;
      return { ...silent, kind: "watch", reason };
    }
    case "breached":
      return decideBreach({ ...situation, verdict }, guards);
    default:
      return assertNever(verdict);
  }
}

function decideBreach(situation: BreachSituation, guards: readonly Guard[]): Decision {
  const answers = guards.map((guard) => ({ guard: guard.id, ...guard.check(situation) }));
  const kind = strictest(answers);
  return {
    kind,
    at: situation.now,
    reason: tell(situation, kind, answers),
    guards: answers,
    target: targetOf(situation),
  };
}

/** The most that all answers leave; no answer at all leaves nothing. */
function strictest(answers: readonly GuardAnswer[]): DecisionKind {
  const left = answers.map((one) => (one.answer === "allow" ? "roll-back" : one.atMost));
  if (left.length === 0 || left.includes("hold")) {
    return "hold";
  }
  return left.includes("recommend") ? "recommend" : "roll-back";
}

function tell(
  situation: BreachSituation,
  kind: DecisionKind,
  answers: readonly GuardAnswer[],
): string {
  const modeAnswer = answers.find((one) => one.guard === mode.id);
  const isMuted = modeAnswer?.answer === "block" && modeAnswer.atMost === "hold";
  if (isMuted) {
    const others = answers.filter((one) => one.guard !== mode.id);
    return `Nothing is done because ${modeAnswer.reason}. Otherwise: ${sentence(situation, strictest(others), others)}`;
  }
  return sentence(situation, kind, answers);
}

function sentence(
  situation: BreachSituation,
  kind: DecisionKind,
  answers: readonly GuardAnswer[],
): string {
  const target = targetOf(situation) ?? "an earlier release";
  const { trigger } = situation.verdict;
  switch (kind) {
    case "roll-back":
      return `Roll back to ${target} because of ${trigger}: all ${answers.length} guards allow it.`;
    case "recommend":
      return `A person must decide about going back to ${target}: ${reasons(answers, "recommend")}.`;
    case "restart":
    case "hold":
    case "watch":
      return `Leave everything as it is: ${reasons(answers, "hold")}.`;
    default:
      return assertNever(kind);
  }
}

function reasons(answers: readonly GuardAnswer[], atMost: "recommend" | "hold"): string {
  const blocking = answers.filter((one) => one.answer === "block" && one.atMost === atMost);
  return blocking.map((one) => one.reason).join("; ") || "no guard was asked";
}

function targetOf({ target }: BreachSituation): string | null {
  return target.kind === "candidate" ? target.release.id : null;
}
