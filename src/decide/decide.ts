import { assertNever } from "../model/assert-never.ts";
import type { Action, Decision, DecisionKind, GuardAnswer } from "../model/decision.ts";
import { TRIGGER_ROWS } from "../model/trigger.ts";
import { blamedChanges, type Guard } from "./guard.ts";
import { LADDER } from "./guards/index.ts";
import { mode } from "./guards/mode.ts";
import { changedConfiguration } from "./scope.ts";
import type { BreachSituation, Situation } from "./situation.ts";

/**
 * What to do about a verdict. Only a proven breach asks the guards: those of a restart where no change can be blamed and the
 * trigger's row says so, else those of a rollback. Every one of them is asked and every answer kept.
 */
export function decide(
  situation: Situation,
  ladder: Readonly<Record<Action, readonly Guard[]>> = LADDER,
): Decision {
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
      return decideBreach({ ...situation, verdict }, ladder);
    default:
      return assertNever(verdict);
  }
}

/**
 * Whether a decision holds only for the moment: whatever holds it back, but for the mode, changes its mind by itself within
 * seconds. Nobody needs to be told before it has.
 */
export function isForNow({ kind, guards }: Decision): boolean {
  const holding = guards.flatMap((one) =>
    one.answer === "block" && one.atMost === "hold" && one.guard !== mode.id ? [one] : [],
  );
  return kind === "hold" && holding.length > 0 && holding.every((one) => one.soon === true);
}

function decideBreach(
  situation: BreachSituation,
  ladder: Readonly<Record<Action, readonly Guard[]>>,
): Decision {
  const action = actionFor(situation);
  const answers = ladder[action].map((guard) => ({ guard: guard.id, ...guard.check(situation) }));
  const kind = strictest(answers, action);
  return {
    kind,
    at: situation.now,
    reason: tell({ situation, action }, kind, answers),
    guards: answers,
    action,
    ...(action === "restart"
      ? { target: null, services: [...situation.concerned] }
      : { target: targetOf(situation), ...(databaseOf(situation, kind) ?? scopeOf(situation)) }),
  };
}

/** The rung of the ladder: without a change that can be blamed there is nothing to go back from. */
function actionFor(situation: BreachSituation): Action {
  const { withoutChange } = TRIGGER_ROWS[situation.verdict.trigger];
  return withoutChange === "restart" && blamedChanges(situation).length === 0
    ? "restart"
    : "roll-back";
}

/** Damaged data is not cured by older code. Only people decide about it, whatever the mode. */
function databaseOf(
  { verdict, hasSnapshot }: BreachSituation,
  kind: DecisionKind,
): Pick<Decision, "scope"> | undefined {
  return kind === "recommend" && verdict.trigger === "data-corruption" && hasSnapshot === true
    ? { scope: "database" }
    : undefined;
}

/** Where only configuration changed since the target, only that goes back. */
function scopeOf(situation: BreachSituation): Pick<Decision, "scope" | "kinds"> {
  const kinds = changedConfiguration(situation);
  return kinds === undefined ? {} : { scope: "configuration", kinds: [...kinds] };
}

/** The most that all answers leave; no answer at all leaves nothing. */
function strictest(answers: readonly GuardAnswer[], action: Action): DecisionKind {
  const left = answers.map((one) => (one.answer === "allow" ? action : one.atMost));
  if (left.length === 0 || left.includes("hold")) {
    return "hold";
  }
  return left.includes("recommend") ? "recommend" : action;
}

/** What was weighed, and about what. */
interface Weighed {
  readonly situation: BreachSituation;
  readonly action: Action;
}

function tell(weighed: Weighed, kind: DecisionKind, answers: readonly GuardAnswer[]): string {
  const modeAnswer = answers.find((one) => one.guard === mode.id);
  const isMuted = modeAnswer?.answer === "block" && modeAnswer.atMost === "hold";
  if (isMuted) {
    const others = answers.filter((one) => one.guard !== mode.id);
    const otherwise = sentence(weighed, strictest(others, weighed.action), others);
    return `Nothing is done because ${modeAnswer.reason}. Otherwise: ${otherwise}`;
  }
  return sentence(weighed, kind, answers);
}

function sentence(
  { situation, action }: Weighed,
  kind: DecisionKind,
  answers: readonly GuardAnswer[],
): string {
  const { verdict, concerned } = situation;
  const { kinds } = scopeOf(situation);
  const release = targetOf(situation) ?? "an earlier release";
  const target =
    kinds === undefined ? release : `the configuration (${kinds.join(", ")}) of ${release}`;
  const all = `because of ${verdict.trigger}: all ${answers.length} guards allow it.`;
  const doing =
    action === "restart" ? `restarting ${concerned.join(", ")}` : `going back to ${target}`;
  switch (kind) {
    case "roll-back":
      return `Roll back to ${target} ${all}`;
    case "restart":
      return `Restart ${concerned.join(", ")} ${all}`;
    case "recommend":
      return `A person must decide about ${doing}: ${reasons(answers, "recommend")}.`;
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
