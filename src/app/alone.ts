import { join } from "node:path";
import { processEnvironment } from "../config/environment.ts";
import type { Config } from "../config/schema.ts";
import { openStore } from "../journal/store.ts";
import type { Actions } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { openRecovery } from "../model/history.ts";
import type { Operations } from "../model/operations.ts";
import { childOf } from "../system/abort.ts";
import { holdLock } from "../system/lock.ts";
import type { Log } from "../system/log.ts";
import { daemonActions } from "./actions.ts";
import { assemble } from "./assemble.ts";
import { openBell } from "./bell.ts";
import type { Daemon } from "./daemon.ts";
import { endLeftBehind } from "./left-behind.ts";
import { openLifecycle, type Lifecycle } from "./lifecycle.ts";
import { daemonLockPath, recoveryLockPath, tryLock } from "./locks.ts";
import { channelsOf, takeSamples } from "./loops.ts";
import { daemonOperations } from "./operations.ts";
import { checkPlaces } from "./preflight.ts";
import { finishRecovery } from "./recovery.ts";
import { deliver } from "./deliver.ts";
import { openChangeWatch } from "./watch-changes.ts";
import { openWorld } from "./world.ts";

/** Longest wait at the end for notices that are due. */
const DRAIN_MS = 3000;

/** Both doors to rollwatch, for one command without a daemon. */
export interface Alone {
  readonly operations: Operations;
  readonly actions: Actions;
  close(): Promise<void>;
}

/**
 * rollwatch for one command: it takes the daemon's lock, so that no daemon starts meanwhile, and carries what was asked for
 * to its end before the call returns. Throws `lock-held` when a daemon has the lock but does not answer.
 */
export async function openAlone(config: Config, log: Log, signal: AbortSignal): Promise<Alone> {
  const lifecycle = openLifecycle(log);
  try {
    const daemon = await openParts(config, log, lifecycle, signal);
    return await begin(daemon, lifecycle, signal);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function openParts(
  config: Config,
  log: Log,
  lifecycle: Lifecycle,
  signal: AbortSignal,
): Promise<Daemon> {
  const environment = processEnvironment();
  const world = openWorld(config, environment);
  lifecycle.onStop("database", async () => world.database?.close());
  await checkPlaces(config, world, environment);
  const lock = holdLock(daemonLockPath(config));
  lifecycle.onStop("lock", () => lock.release());
  await endLeftBehind(world, log, signal);
  const store = openStore(join(config.state, "journal.db"), world.clock);
  lifecycle.onStop("journal", () => store.close());
  return assemble({ config, world, store, log, lifecycle });
}

/** Samples and deliveries run beside the command: a verification needs the one, people the other. */
async function begin(daemon: Daemon, lifecycle: Lifecycle, signal: AbortSignal): Promise<Alone> {
  const { world } = daemon;
  const ending = childOf(signal);
  const delivering = new AbortController();
  const bell = openBell(world.clock);
  const deliveries = deliver(daemon, channelsOf(daemon), delivering.signal);
  const sampling = takeSamples(daemon, { bell }, ending.signal).catch(() => undefined);
  lifecycle.onStop("loops", async () => {
    ending.abort("the command is over");
    ending.release();
    await sampling;
    await deliveries.drain(DRAIN_MS);
    delivering.abort();
    await deliveries.finished;
  });
  const watch = openChangeWatch(daemon);
  await daemon.surroundings.lookAtAll(ending.signal);
  watch.note();
  const actions = daemonActions(daemon, () => undefined);
  const running = {
    version: "",
    pid: 0,
    startedAt: world.clock.now(),
    lastVerdict: () => undefined,
  };

  async function toTheEnd<Result>(result: Result): Promise<Result> {
    await finishOpen(daemon, watch, ending.signal);
    return result;
  }

  return {
    operations: daemonOperations(daemon, running),
    actions: {
      ...actions,
      rollback: async (request, by, limit) => toTheEnd(await actions.rollback(request, by, limit)),
      approve: async (id, request, by) => {
        await actions.approve(id, request, by);
        await toTheEnd(undefined);
        return actions.plan(id);
      },
    },
    close: async () => lifecycle.stop(),
  };
}

async function finishOpen(
  daemon: Daemon,
  watch: ReturnType<typeof openChangeWatch>,
  signal: AbortSignal,
): Promise<void> {
  const open = openRecovery(daemon.journal.history());
  if (open === undefined) {
    return;
  }
  const attempt = tryLock(recoveryLockPath(daemon.config));
  if (attempt.kind === "refused") {
    throw new Failure("lock-held", `the plan is recorded but cannot begin: ${attempt.reason}`, {
      hint: "Start the daemon, or repeat the command when the other recovery is over.",
    });
  }
  try {
    await finishRecovery(daemon, watch, open.plan.id, signal);
  } finally {
    attempt.lock.release();
  }
}
