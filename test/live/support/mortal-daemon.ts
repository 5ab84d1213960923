/**
 * The daemon as `rollwatch run` starts it, but with a store and a world that send it a signal at one point:
 * `mortal-daemon.ts <configuration> [<kill point as JSON>]`. Writes `ready` to its parent when it watches.
 */
import { startBallast } from "../../../src/app/keep-ballast.ts";
import { journalPath } from "../../../src/app/read-history.ts";
import { openLifecycle } from "../../../src/app/lifecycle.ts";
import { daemonLockPath } from "../../../src/app/locks.ts";
import { checkPlaces } from "../../../src/app/preflight.ts";
import { watchOver } from "../../../src/app/watch.ts";
import { openWorld } from "../../../src/app/world.ts";
import { processEnvironment } from "../../../src/config/environment.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { openStore } from "../../../src/journal/store.ts";
import { holdLock } from "../../../src/system/lock.ts";
import { openLog } from "../../../src/system/log.ts";
import { KillPoint } from "./kill-point.ts";
import { makeMortal } from "./mortal-world.ts";

async function live(configuration: string, point: KillPoint | undefined): Promise<void> {
  const ending = new AbortController();
  process.on("SIGTERM", () => ending.abort(new Error("SIGTERM")));
  const environment = processEnvironment();
  const config = await loadConfig(configuration, environment);
  const log = openLog({ level: "info", secrets: config.secrets, fd: 1 });
  const lifecycle = openLifecycle(log);
  const host = {
    version: "0.0.0-mortal",
    pid: process.pid,
    nodeVersion: process.version,
    announceReady: () => process.send?.("ready"),
  };
  try {
    const world = openWorld(config, environment);
    await checkPlaces(config, world, environment);
    const lock = holdLock(daemonLockPath(config));
    lifecycle.onStop("lock", () => lock.release());
    const store = openStore(journalPath(config), world.clock);
    startBallast(config.state, log);
    lifecycle.onStop("journal", () => store.close());
    const mortal = makeMortal(store, world, point);
    await watchOver({ config, ...mortal, log, host, lifecycle }, ending.signal);
  } finally {
    await lifecycle.stop();
  }
}

const [configuration = "", point] = process.argv.slice(2);
await live(configuration, point === undefined ? undefined : KillPoint.parse(JSON.parse(point)));
process.exit(0);
