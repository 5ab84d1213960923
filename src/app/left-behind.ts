import { messageOf } from "../model/failure.ts";
import type { Lock } from "../system/lock.ts";
import type { Log } from "../system/log.ts";
import type { Daemon } from "./daemon.ts";
import type { World } from "./world.ts";

type LeftWorld = Pick<World, "clock" | "processes" | "leftSessions">;
type LeftLog = Pick<Log, "warn" | "error">;

/** Longest wait for the database server at the start. */
const AT_START_MS = 1500;
/** How often it is looked whether a child that survived KILL is gone at last. */
const LOOK_MS = 5000;

/**
 * Ends what an earlier rollwatch of this state folder left running when it was killed: a dump, a restore, a migration, git, a
 * probe. Before anything else, while the daemon's lock is held: none of it may act beside what is resumed.
 */
export async function endLeftBehind(
  world: LeftWorld,
  log: LeftLog,
  signal: AbortSignal,
): Promise<void> {
  const processes = await world.processes.endLeftBehind();
  if (processes > 0) {
    log.warn({ processes }, "ended what an earlier rollwatch had left running");
  }
  const stuck = await world.processes.stuck();
  if (stuck.length > 0) {
    log.error({ stuck }, "what an earlier rollwatch had left running cannot be ended");
  }
  // A server that does not answer keeps nobody from watching; before a database is touched it is asked again.
  await endLeftSessions(world, log, world.clock.deadline(AT_START_MS, signal));
}

/** Ends the sessions that an earlier rollwatch left at the database server. What goes wrong is only told: who needs the server meets it. */
export async function endLeftSessions(
  { leftSessions }: LeftWorld,
  log: LeftLog,
  signal: AbortSignal,
): Promise<void> {
  try {
    const sessions = (await leftSessions?.end(signal)) ?? 0;
    if (sessions > 0) {
      log.warn({ sessions }, "ended sessions that an earlier rollwatch had left at the database");
    }
  } catch (error) {
    log.warn({ error: messageOf(error) }, "sessions of an earlier rollwatch are not looked for");
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
