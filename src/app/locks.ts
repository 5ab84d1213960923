import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { Failure } from "../model/failure.ts";
import { holdLock } from "../system/lock.ts";

/** Held for the daemon's life: a second one with this state folder would write a second history. */
export function daemonLockPath(config: Config): string {
  return join(config.state, "daemon.lock");
}

/** Held during a recovery, beside what it protects: whoever acts on these pm2 services meets it there. */
export function recoveryLockPath(config: Config): string {
  return join(config.application.pm2Home, "rollwatch.lock");
}

/** Whether nobody holds a lock at this moment; a lock that nobody ever took is not made by the question. */
export function isFree(path: string): boolean {
  if (!existsSync(path)) {
    return true;
  }
  try {
    holdLock(path).release();
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === "lock-held") {
      return false;
    }
    throw error;
  }
}
