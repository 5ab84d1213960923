import type { PlanReport } from "../model/actions.ts";
import type { RecoveryReport } from "../model/operations.ts";
import type { Acting } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./ports.ts";
import { isAbsent } from "./socket-line.ts";

const INTERVAL_MS = 500;
/** A daemon that is started anew goes on with the plan; so long it may be away. */
const PATIENCE_MS = 60_000;

/** A plan that was begun. */
export interface Begun {
  readonly plan: string;
  readonly incident: string;
}

/** Waits until a plan has ended, or waits for people; on a terminal shows each step as it is done. */
export async function followPlan(
  context: CommandContext,
  { actions, operations }: Acting,
  begun: Begun,
  isShown: boolean,
): Promise<PlanReport> {
  const { ports, signal } = context;
  let shown = 0;
  let awayMs = 0;
  for (;;) {
    try {
      const plan = await actions.plan(begun.plan);
      if (isShown) {
        const incident = await operations.incident(begun.incident, signal);
        const recovery = incident?.recoveries.find((one) => one.plan === begun.plan);
        const lines = recovery === undefined ? [] : doneLines(recovery);
        ports.out(lines.slice(shown).join(""));
        shown = Math.max(shown, lines.length);
      }
      if (plan.state !== "running") {
        return plan;
      }
      awayMs = 0;
    } catch (error) {
      if (!isAbsent(error) || awayMs >= PATIENCE_MS) {
        throw error;
      }
      awayMs += INTERVAL_MS;
    }
    await ports.sleep(INTERVAL_MS, signal);
  }
}

/** The exit code that a plan by hand ends in. */
export function exitCodeOfPlan(plan: PlanReport): number {
  if (plan.state === "waiting") {
    return EXIT.waiting;
  }
  const result = plan.ended?.result;
  if (result === "completed") {
    return plan.scope === "service" ? EXIT.done : EXIT.rolledBack;
  }
  return result === "cancelled" ? EXIT.refused : EXIT.failed;
}

function doneLines({ steps, stepsTotal, verification }: RecoveryReport): readonly string[] {
  const finished = steps.filter((step) => step.outcome !== null);
  const lines = finished.map(
    ({ text, outcome }, index) => `  [${index + 1}/${stepsTotal}] ${text}: ${outcome?.kind}\n`,
  );
  return verification === null ? lines : [...lines, `  verification: ${verification.result}\n`];
}
