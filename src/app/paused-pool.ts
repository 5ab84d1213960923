import { messageOf } from "../model/failure.ts";
import type { Plan } from "../model/plan.ts";
import { letGoOn } from "../system/pgbouncer.ts";
import type { Daemon } from "./daemon.ts";
import { recoveryOf } from "./planned.ts";

/** Lets clients go on where a plan that ends early may have left them waiting in PgBouncer: after a kill in the middle of its swap. */
export async function leavePoolRunning(daemon: Daemon, plan: Plan): Promise<void> {
  const { log, world } = daemon;
  const swap = plan.steps.find(({ kind }) => kind === "swap-behind-pool")?.id;
  const wasBegun = recoveryOf(daemon, plan.id).steps.some(({ step }) => step === swap);
  if (world.pool === undefined || !wasBegun) {
    return;
  }
  try {
    const resumed = await letGoOn(world.pool, world.clock);
    if (resumed.length > 0) {
      log.warn({ plan: plan.id, databases: resumed }, "PgBouncer was left paused and goes on now");
    }
  } catch (error) {
    log.error(
      { plan: plan.id, error: messageOf(error) },
      "PgBouncer may be paused, and cannot be asked: RESUME it in its console",
    );
  }
}
