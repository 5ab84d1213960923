import { changesToBlame } from "../model/blame.ts";
import { elapsedSince as elapsedBetween, type Recovery } from "../model/history.ts";
import type { Change } from "../model/identity.ts";
import { blameWindowMsOf } from "./policy.ts";
import type { BreachSituation } from "./situation.ts";

/** A guard's opinion; when it blocks, `atMost` is what remains: ask a person, or leave everything as it is. */
export type Opinion =
  | { readonly answer: "allow"; readonly reason: string }
  | {
      readonly answer: "block";
      readonly atMost: "recommend" | "hold";
      readonly reason: string;
      /** Present where the guard changes its mind by itself within seconds: nobody is told until then. */
      readonly soon?: true;
    };

/** One question that must be answered before rollwatch acts by itself. Pure; the reason is a sentence with values. */
export interface Guard {
  /** Name of its file, of its row in docs/decision-table.md and of its metric label. */
  readonly id: string;
  readonly check: (situation: BreachSituation) => Opinion;
}

/** Nothing speaks against it. */
export function allow(reason: string): Opinion {
  return { answer: "allow", reason };
}

/** A person must decide. */
export function recommend(reason: string): Opinion {
  return { answer: "block", atMost: "recommend", reason };
}

/** Everything stays as it is. */
export function hold(reason: string): Opinion {
  return { answer: "block", atMost: "hold", reason };
}

/** Everything stays as it is for a few seconds more. */
export function holdForNow(reason: string): Opinion {
  return { answer: "block", atMost: "hold", reason, soon: true };
}

/** The changes that can have made this breach, oldest first. */
export function blamedChanges(situation: BreachSituation): readonly Change[] {
  const { verdict, policy, history } = situation;
  return changesToBlame(history.changes, verdict.since, blameWindowMsOf(policy, verdict.trigger));
}

/** Rollbacks that touched the application: begun, and not cancelled before their first act. Restarts are none. */
export function effectiveRollbacks(situation: BreachSituation): readonly Recovery[] {
  return situation.history.recoveries.filter(
    (recovery) => recovery.plan.scope !== "service" && isEffective(recovery),
  );
}

/** Restarts of the service that touched it. */
export function effectiveRestarts(
  situation: BreachSituation,
  service: string,
): readonly Recovery[] {
  return situation.history.recoveries.filter(
    (recovery) =>
      recovery.plan.scope === "service" &&
      isEffective(recovery) &&
      recovery.plan.steps.some((step) => step["service"] === service),
  );
}

function isEffective({ attempts, ended }: Recovery): boolean {
  return attempts.length > 0 && ended?.result !== "cancelled";
}

/** When a recovery was last at work. */
export function lastAt(recovery: Recovery): number {
  return recovery.ended?.at ?? Math.max(recovery.plannedAt, ...recovery.attempts);
}

/** How much time has passed since `at` at least: what the wall clock was set forward by in between did not pass. */
export function elapsedSince(situation: BreachSituation, at: number): number {
  return elapsedBetween(situation, at, situation.now);
}
