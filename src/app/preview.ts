import { decide } from "../decide/decide.ts";
import { blameWindowMsOf, tierOf } from "../decide/policy.ts";
import type { Breached } from "../decide/situation.ts";
import { attribute } from "../judge/cause.ts";
import { openIncident } from "../model/history.ts";
import type { RollbackPreview } from "../model/operations.ts";
import type { Trigger } from "../model/trigger.ts";
import { draftPlan } from "./draft-plan.ts";
import { lastRollbackMs } from "./incident.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { newestProvenOther } from "./readinesses.ts";
import { gatherSituation, type Decider } from "./situation.ts";

/** The trigger that the guards are asked about while none is in breach. */
const TRIGGER: Trigger = "system-down";

/** Plans a rollback and asks the guards as if a breach had just been proven; changes nothing. */
export async function previewRollback(
  daemon: Decider,
  request: { readonly to?: string },
  signal: AbortSignal,
): Promise<RollbackPreview> {
  const { journal, surroundings, catalogue } = daemon;
  await surroundings.lookAtAll(signal);
  const history = journal.history();
  const open = openIncident(history);
  const verdict = supposedBreach(daemon, open?.since);
  const refusals = await refusalsOf(daemon, verdict, request.to, signal);
  const id = request.to ?? newestProvenOther(history, surroundings.identity()?.value)?.id;
  if (id === undefined) {
    const nothing = { target: null, steps: [], kept: [], estimatedSeconds: null };
    return { scope: "application", ...nothing, refusals };
  }
  const incident = { id: open?.id ?? "none", trigger: TRIGGER, since: verdict.since };
  const release = await catalogue.get(id);
  const plan = await draftPlan(daemon, { incident, release, requestedBy: "preview" }, signal);
  const lastMs = lastRollbackMs(history);
  return {
    scope: plan.scope,
    target: id,
    steps: plan.steps.map(({ id: step, kind, text }) => ({
      id: step,
      kind,
      describe: text ?? step,
    })),
    kept: plan.kept ?? [],
    estimatedSeconds: lastMs === null ? null : lastMs / 1000,
    refusals,
  };
}

function supposedBreach(daemon: Decider, since: number | undefined): Breached {
  const { config, world, journal, surroundings } = daemon;
  const began = since ?? world.clock.now();
  const attribution = attribute({
    breaches: [],
    since: began,
    changes: journal.history().changes,
    controls: surroundings.controls(),
    services: surroundings.services(),
    blameWindowMs: blameWindowMsOf(config.policy, TRIGGER),
  });
  const tier = tierOf(config.policy, TRIGGER);
  return {
    kind: "breached",
    trigger: TRIGGER,
    tier,
    breaches: [],
    since: began,
    missing: [],
    attribution,
  };
}

async function refusalsOf(
  daemon: Decider,
  verdict: Breached,
  to: string | undefined,
  signal: AbortSignal,
): Promise<RollbackPreview["refusals"]> {
  const lockHeld = isFree(recoveryLockPath(daemon.config));
  const question = { verdict, since: verdict.since, lockHeld, ...(to === undefined ? {} : { to }) };
  const { guards } = decide(await gatherSituation(daemon, question, signal));
  return guards.flatMap((one) =>
    one.answer === "block" ? [{ guard: one.guard, reason: one.reason }] : [],
  );
}
