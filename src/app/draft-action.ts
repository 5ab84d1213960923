import { tierOf } from "../decide/policy.ts";
import type { Action } from "../model/decision.ts";
import type { Plan, Scope } from "../model/plan.ts";
import { TIER_BUDGET_MS } from "../model/tier.ts";
import type { Trigger } from "../model/trigger.ts";
import { makeRestartPlan } from "../recover/plan-restart.ts";
import type { Catalogue } from "../release/catalogue.ts";
import { draftConfiguration } from "./draft-configuration.ts";
import { draftDatabase } from "./draft-database.ts";
import { draftSchema } from "./draft-schema.ts";
import { draftPlan, type Planner } from "./draft-plan.ts";

/** A restart may use this part of the tier's budget: the rest is for what must follow when it does not help. */
const RESTART_SHARE = 5;

/** What a plan is to do. */
export interface Aim {
  readonly action: Action;
  /** The release to go back to; null for a restart. */
  readonly target: string | null;
  /** The services to restart. */
  readonly services: readonly string[];
  /** What goes back; absent: the application, with its configuration. */
  readonly scope?: Scope;
  /** The kinds of configuration, for that scope; absent: all of them. */
  readonly kinds?: readonly string[];
  /** The kept database that is put back, for the scope `database`; absent: that of the target. */
  readonly aside?: string;
}

/** What is to be planned. */
interface ActionRequest extends Aim {
  readonly incident: { readonly id: string; readonly trigger: Trigger; readonly since: number };
  /** `policy`, or the person who asked for it. */
  readonly requestedBy: string;
}

/** The parts of the daemon that planning an action looks at. */
interface ActionPlanner extends Planner {
  readonly catalogue: Catalogue;
}

/** Makes the plan of an action; changes nothing. */
export async function draftAction(
  daemon: ActionPlanner,
  request: ActionRequest,
  signal: AbortSignal,
): Promise<Plan> {
  const { incident, requestedBy, services } = request;
  if (request.action === "roll-back") {
    const release = await daemon.catalogue.get(request.target ?? "");
    if (request.scope === "configuration") {
      const { kinds = [] } = request;
      return draftConfiguration(daemon, { incident, release, requestedBy, kinds }, signal);
    }
    if (request.scope === "database" || request.scope === "all") {
      const { scope, aside } = request;
      const what = { incident, release, requestedBy, scope, aside };
      return draftDatabase(daemon, what, signal);
    }
    if (request.scope === "schema") {
      return draftSchema(daemon, { incident, release, requestedBy }, signal);
    }
    return draftPlan(daemon, { incident, release, requestedBy }, signal);
  }
  const { config, world, surroundings } = daemon;
  const now = world.clock.now();
  return makeRestartPlan({
    id: world.ids.next("plan", now),
    incident: incident.id,
    requestedBy,
    now,
    deadline: now + TIER_BUDGET_MS[tierOf(config.policy, incident.trigger)] / RESTART_SHARE,
    configHash: config.hash,
    from: surroundings.identity()?.value ?? {},
    application: config.application,
    services: surroundings.services(),
    names: services,
  });
}
