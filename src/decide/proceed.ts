import type { Action } from "../model/decision.ts";
import type { Guard, Opinion } from "./guard.ts";
import { LADDER } from "./guards/index.ts";
import { lockHeld } from "./guards/lock-held.ts";
import { mode } from "./guards/mode.ts";
import { noDeploymentRunning } from "./guards/no-deployment-running.ts";
import { pm2Alive } from "./guards/pm2-alive.ts";
import { restartable } from "./guards/restartable.ts";
import { schemaFits } from "./guards/schema-fits.ts";
import { servicesKnown } from "./guards/services-known.ts";
import { targetReady } from "./guards/target-ready.ts";
import type { BreachSituation } from "./situation.ts";

/** Whether a plan that people are behind may begin now; `reasons` say why not. */
type Permission =
  | { readonly kind: "go" }
  | { readonly kind: "no"; readonly reasons: readonly string[] };

/** The guards that stand for safety: what a person asks for is not done while one of them blocks. */
const SAFETY: Readonly<Record<Action, readonly Guard[]>> = {
  "roll-back": [servicesKnown, pm2Alive, targetReady, schemaFits, noDeploymentRunning, lockHeld],
  restart: [restartable, pm2Alive, noDeploymentRunning, lockHeld],
};

/**
 * Asks the guards again right before a plan begins that people approved, or asked for by hand. An approval overrides the mode and
 * whatever only recommends; what holds still holds, unless it would only have waited a few seconds. A plan by hand must pass
 * the guards that stand for safety, whatever they leave. For a restart `concerned` are the services of the plan.
 */
export function mayProceed(
  situation: BreachSituation,
  action: Action,
  authority: "approved" | "person",
): Permission {
  const answers =
    authority === "person"
      ? SAFETY[action].map((guard) => guard.check(situation))
      : LADDER[action]
          .filter((guard) => guard.id !== mode.id)
          .map((guard) => guard.check(situation))
          .filter(isFinal);
  const reasons = answers.flatMap((one) => (one.answer === "block" ? [one.reason] : []));
  return reasons.length === 0 ? { kind: "go" } : { kind: "no", reasons };
}

function isFinal(opinion: Opinion): boolean {
  return opinion.answer === "block" && opinion.atMost === "hold" && opinion.soon !== true;
}
