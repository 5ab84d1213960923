import { blameWindowMsOf, tierOf } from "../decide/policy.ts";
import { changesToBlame } from "../model/blame.ts";
import type { Trigger } from "../model/trigger.ts";
import type { Plan } from "../model/plan.ts";
import type { Release } from "../model/release.ts";
import { TIER_BUDGET_MS } from "../model/tier.ts";
import { makePlan } from "../recover/plan.ts";
import type { PlanInput } from "../recover/plan-input.ts";
import { measureCurrent } from "../release/measure.ts";
import type { Daemon } from "./daemon.ts";
import { keptFiles, type KeptInput } from "./kept-files.ts";

/** What a plan is asked for. */
export interface PlanRequest {
  /** The incident it answers; a preview has none yet. */
  readonly incident: { readonly id: string; readonly trigger: Trigger; readonly since: number };
  readonly release: Release;
  /** `policy`, or the person who asked for it. */
  readonly requestedBy: string;
}

/** The parts of the daemon that planning looks at. */
export interface Planner extends Pick<Daemon, "world" | "config" | "surroundings"> {
  readonly journal: Pick<Daemon["journal"], "history">;
}

/** Looks at what is installed and makes the plan back to the release; changes nothing. */
export async function draftPlan(
  daemon: Planner,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<Plan> {
  const input = await gatherInput(daemon, request, signal);
  return makePlan({ ...input, kept: keptFiles(input) });
}

/** What every plan to a release is made from. Nothing is kept yet. */
export async function gatherInput(
  daemon: Planner,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<PlanInput & Pick<KeptInput, "changes" | "blamed">> {
  const { world, config, journal, surroundings } = daemon;
  const { incident, release, requestedBy } = request;
  const { trigger, since } = incident;
  const from = surroundings.identity()?.value ?? {};
  const { changes } = journal.history();
  const blamed = changesToBlame(changes, since, blameWindowMsOf(config.policy, trigger));
  const now = world.clock.now();
  return {
    id: world.ids.next("plan", now),
    incident: incident.id,
    requestedBy,
    now,
    deadline: since + TIER_BUDGET_MS[tierOf(config.policy, trigger)],
    configHash: config.hash,
    application: config.application,
    target: release,
    from,
    current: await measureCurrent(world.files, config.application.root, release, signal),
    services: surroundings.services(),
    kept: [],
    changes,
    blamed,
    ownsWorkTree: await world.git.isTop(config.application.root),
    hasDump: (await world.pm2.dumped()) !== undefined,
  };
}
