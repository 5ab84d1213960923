import { LADDER } from "../decide/guards/index.ts";
import type { Breached } from "../decide/situation.ts";
import { openIncident, type History } from "../model/history.ts";
import type { PreviewRequest, RollbackPreview } from "../model/operations.ts";
import type { Trigger } from "../model/trigger.ts";
import { draftAction, type Aim } from "./draft-action.ts";
import { lastRollbackMs } from "./incident.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { reportSteps } from "./plan-report.ts";
import { newestProvenOther } from "./readinesses.ts";
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
  const refusals = await refusalsOf(daemon, verdict, aim, signal);
  if (aim.action === "roll-back" && aim.target === null) {
    const nothing = { target: null, steps: [], kept: [], estimatedSeconds: null };
    return { scope: "application", ...nothing, refusals };
  }
  const incident = { id: "none", trigger, since: verdict.since };
  const plan = await draftAction(daemon, { ...aim, incident, requestedBy: "preview" }, signal);
  return { ...reportSteps(plan), estimatedSeconds: estimateOf(aim, history), refusals };
}

/** From the rollback before; a restart's is not told. */
function estimateOf({ action }: Aim, history: History): number | null {
  const lastMs = action === "restart" ? null : lastRollbackMs(history);
  return lastMs === null ? null : lastMs / 1000;
}

function aimOf({ journal, surroundings }: Decider, { scope, to, services }: PreviewRequest): Aim {
  if (scope === "service") {
    return { action: "restart", target: null, services: services ?? [] };
  }
  const newest = newestProvenOther(journal.history(), surroundings.identity()?.value)?.id;
  return { action: "roll-back", target: to ?? newest ?? null, services: [] };
}

async function refusalsOf(
  daemon: Decider,
  verdict: Breached,
  { action, target, services }: Aim,
  signal: AbortSignal,
): Promise<RollbackPreview["refusals"]> {
  const question = {
    verdict,
    since: verdict.since,
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
