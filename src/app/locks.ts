import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { messageOf } from "../model/failure.ts";
import { holdLock, lastHolder, type Lock } from "../system/lock.ts";

const DEPLOYMENT = "deployment";

/** Held for the daemon's life: a second one with this state folder would write a second history. */
export function daemonLockPath(config: Config): string {
  return join(config.state, "daemon.lock");
}

/** Held during a recovery, beside what it protects: whoever acts on these pm2 services meets it there. */
export function recoveryLockPath(config: Config): string {
  return join(config.application.pm2Home, "rollwatch.lock");
}

/** How a deployment is noted that asked for the lock of recoveries. */
export function deploymentBy(name: string): string {
  return `${DEPLOYMENT} by ${name}`;
}

/** The deployment that has the lock of recoveries at this moment; undefined when none has. */
export function deploymentUnderWay(config: Config): string | undefined {
  const path = recoveryLockPath(config);
  const holder = isFree(path) ? "" : lastHolder(path);
  return holder.startsWith(DEPLOYMENT) ? holder : undefined;
}

/** Whether the lock could be taken at this moment; a lock that nobody ever took is not made by the question. */
export function isFree(path: string): boolean {
  if (!existsSync(path)) {
    return true;
  }
  const attempt = tryLock(path);
  if (attempt.kind === "held") {
    attempt.lock.release();
  }
  return attempt.kind === "held";
}

/** The lock, or why it cannot be had: somebody has it, or it may not be touched. */
export function tryLock(
  path: string,
):
  | { readonly kind: "held"; readonly lock: Lock }
  | { readonly kind: "refused"; readonly reason: string } {
  try {
    return { kind: "held", lock: holdLock(path) };
  } catch (error) {
    return { kind: "refused", reason: messageOf(error) };
  }
}
