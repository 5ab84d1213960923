import { mayProceed } from "../decide/proceed.ts";
import type { Incident } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import { judgeNow, type Daemon } from "./daemon.ts";
import { gatherSituation } from "./situation.ts";
import { supposedBreach } from "./supposed.ts";

/** A plan that people are behind, and how. */
export interface Asked {
  readonly plan: Pick<Plan, "scope" | "target">;
  /** The incident it answers, or what it would be. */
  readonly incident: Pick<Incident, "trigger" | "since">;
  readonly authority: "approved" | "person";
  /** The services to restart; empty for a rollback. */
  readonly services: readonly string[];
  /** Whether the recovery lock is held, or could be had at this moment. */
  readonly lockHeld: boolean;
}

/** Asks every guard that counts for a plan of people's at this moment; no reasons mean that it may begin. */
export async function askAgain(
  daemon: Daemon,
  asked: Asked,
  signal: AbortSignal,
): Promise<{ readonly reasons: readonly string[] }> {
  const { plan, incident, authority, services, lockHeld } = asked;
  const verdict = judgeNow(daemon);
  const breached =
    verdict.kind === "breached"
      ? verdict
      : supposedBreach(daemon, incident.trigger, incident.since);
  const question = {
    verdict: breached,
    since: incident.since,
    lockHeld,
    scope: plan.scope,
    ...(services.length === 0 ? {} : { concerned: services }),
    reportedOnly: verdict.kind !== "breached",
    ...(plan.target === null ? {} : { to: plan.target }),
  };
  const situation = await gatherSituation(daemon, question, signal);
  const answer = mayProceed(
    situation,
    plan.scope === "service" ? "restart" : "roll-back",
    authority,
  );
  return { reasons: answer.kind === "go" ? [] : answer.reasons };
}
