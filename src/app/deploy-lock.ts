import { processEnvironment } from "../config/environment.ts";
import type { Config } from "../config/schema.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { openRecovery } from "../model/history.ts";
import { runForeground } from "../system/foreground.ts";
import { holdLock, type Lock } from "../system/lock.ts";
import { deploymentBy, recoveryLockPath } from "./locks.ts";
import { readHistory } from "./read-history.ts";

/** A deployment that asks: who does it, and the command that it is. */
interface Deployment {
  readonly by: string;
  readonly command: readonly [string, ...string[]];
}

/**
 * Runs a deployment's command while no rollback may begin; refused while one is under way, or waits to be carried to its end. The
 * kernel frees the lock when this process dies, however it does. Returns the command's exit code.
 */
export async function deployUnderLock(
  config: Config,
  { by, command: [program, ...args] }: Deployment,
  signal: AbortSignal,
): Promise<number> {
  const lock = takeLock(config, by);
  try {
    // Under the lock: what is planned from now on waits for it.
    refuseUnfinished(config);
    return await runForeground({ program, args, environment: processEnvironment() }, signal);
  } finally {
    lock.release();
  }
}

function takeLock(config: Config, by: string): Lock {
  try {
    return holdLock(recoveryLockPath(config), deploymentBy(by));
  } catch (error) {
    if (error instanceof Failure && error.code === "lock-held") {
      throw refusal(messageOf(error), error);
    }
    throw error;
  }
}

/** After a kill in its middle nobody has the lock, and the application is neither the one release nor the other. */
function refuseUnfinished(config: Config): void {
  const recovery = openRecovery(readHistory(config));
  if (recovery !== undefined) {
    throw refusal(`the plan ${recovery.plan.id} is to be carried out or not at its end`);
  }
}

function refusal(what: string, cause?: unknown): Failure {
  return new Failure("refused", `nothing was deployed: ${what}`, {
    hint: "See `rollwatch status`, and deploy when it is over. A daemon that does not run must be started to finish it.",
    cause,
  });
}
