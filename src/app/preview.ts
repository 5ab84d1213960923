import { LADDER } from "../decide/guards/index.ts";
import type { Breached } from "../decide/situation.ts";
import { openIncident, type History } from "../model/history.ts";
import type { PreviewRequest, RollbackPreview } from "../model/preview.ts";
import type { Trigger } from "../model/trigger.ts";
import { configurationDiff } from "./configuration-diff.ts";
import { draftAction, type Aim } from "./draft-action.ts";
import { lastRollbackMs } from "./incident.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { reportSteps } from "./plan-report.ts";
import { withDependents } from "../recover/dependents.ts";
import { usualTarget } from "./readinesses.ts";
import { gatherSituation, type Decider } from "./situation.ts";
import { supposedBreach } from "./supposed.ts";

/** The trigger that the guards are asked about while none is in breach. */
const TRIGGER: Trigger = "system-down";

/** Plans a rollback or restart and asks the guards as if a breach had just been proven; changes nothing. */
export async function previewRollback(
  daemon: Decider,
  request: PreviewRequest,
  signal: AbortSignal,
): Promise<RollbackPreview> {
  const { journal, surroundings, world } = daemon;
  await surroundings.lookAtAll(signal);
  const history = journal.history();
  const open = openIncident(history);
  const trigger = open?.trigger ?? TRIGGER;
  const verdict = supposedBreach(daemon, trigger, open?.since ?? world.clock.now());
  const aim = aimOf(daemon, request);
  const refusals = await refusalsOf(daemon, { verdict, ...aim }, signal);
  if (aim.action === "roll-back" && aim.target === null) {
    const nothing = { target: null, steps: [], kept: [], estimatedSeconds: null };
    return { scope: aim.scope ?? "application", ...nothing, refusals };
  }
  const incident = { id: "none", trigger, since: verdict.since };
  const plan = await draftAction(daemon, { ...aim, incident, requestedBy: "preview" }, signal);
  const configuration =
    plan.scope === "configuration" ? await configurationDiff(daemon, plan, signal) : undefined;
  return {
    ...reportSteps(plan),
    estimatedSeconds: estimateOf(aim, history),
    refusals,
    ...(configuration === undefined ? {} : { configuration }),
  };
}

/** From the rollback before of the same scope; a restart's is not told. */
function estimateOf({ action, scope }: Aim, history: History): number | null {
  const lastMs = action === "restart" ? null : lastRollbackMs(history, scope);
  return lastMs === null ? null : lastMs / 1000;
}

function aimOf({ config, journal, surroundings }: Decider, request: PreviewRequest): Aim {
  const { scope, to, services = [], kinds, aside } = request;
  if (scope === "service") {
    const known = config.application.services;
    const names = request.dependents === true ? withDependents(known, services) : services;
    return { action: "restart", scope, target: null, services: names };
  }
  return {
    action: "roll-back",
    target: to ?? usualTarget(journal.history(), surroundings.identity()?.value, aside) ?? null,
    services: [],
    ...(aside === undefined ? {} : { aside }),
    ...(scope === undefined ? {} : { scope }),
    ...(kinds === undefined ? {} : { kinds }),
  };
}

async function refusalsOf(
  daemon: Decider,
  { verdict, scope, action, target, services }: Aim & { readonly verdict: Breached },
  signal: AbortSignal,
): Promise<RollbackPreview["refusals"]> {
  const question = {
    verdict,
    since: verdict.since,
    ...(scope === undefined ? {} : { scope }),
    lockHeld: isFree(recoveryLockPath(daemon.config)),
    ...(target === null ? {} : { to: target }),
    ...(action === "restart" ? { concerned: services } : {}),
  };
  const situation = await gatherSituation(daemon, question, signal);
  const answers = LADDER[action].map((guard) => ({ id: guard.id, ...guard.check(situation) }));
  return answers.flatMap(({ id, ...one }) =>
    one.answer === "block" ? [{ guard: id, reason: one.reason }] : [],
  );
}
