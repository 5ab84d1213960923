import type { Lock } from "../system/lock.ts";
import type { Log } from "../system/log.ts";
import type { Daemon } from "./daemon.ts";
import type { World } from "./world.ts";

/** How often it is looked whether a child that survived KILL is gone at last. */
const LOOK_MS = 5000;

/**
 * Ends what an earlier rollwatch of this state folder left running when it was killed: a dump, a restore, a migration, git, a
 * probe. Before anything else, while the daemon's lock is held: none of it may act beside what is resumed.
 */
export async function endLeftBehind(
  world: Pick<World, "processes">,
  log: Pick<Log, "warn" | "error">,
): Promise<void> {
  const processes = await world.processes.endLeftBehind();
  if (processes > 0) {
    log.warn({ processes }, "ended what an earlier rollwatch had left running");
  }
  const stuck = await world.processes.stuck();
  if (stuck.length > 0) {
    log.error({ stuck }, "what an earlier rollwatch had left running cannot be ended");
  }
}

/** Why nothing may be done by now: something that rollwatch started may still act. Undefined where nothing is in the way. */
export async function whyStuck({ world }: Pick<Daemon, "world">): Promise<string | undefined> {
  const stuck = await world.processes.stuck();
  return stuck.length === 0
    ? undefined
    : `${stuck.join(", ")} cannot be ended, and may still act: it hangs inside the kernel, often on a dead disk or network mount`;
}

/** Releases the recovery's lock, but not while something that cannot be ended may still act: then once it is gone. */
export async function letGo(daemon: Daemon, lock: Lock, signal: AbortSignal): Promise<void> {
  const reason = await whyStuck(daemon);
  if (reason === undefined) {
    lock.release();
    return;
  }
  daemon.log.error({ reason }, "the recovery's lock is kept");
  void letGoLater(daemon, lock, signal);
}

async function letGoLater(daemon: Daemon, lock: Lock, signal: AbortSignal): Promise<void> {
  const { clock } = daemon.world;
  while (!signal.aborted && (await whyStuck(daemon)) !== undefined) {
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  lock.release();
}
