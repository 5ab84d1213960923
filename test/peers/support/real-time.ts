import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openLifecycle } from "../../../src/app/lifecycle.ts";
import { watchOver } from "../../../src/app/watch.ts";
import type { Config } from "../../../src/config/schema.ts";
import { emptyHistory, fold } from "../../../src/journal/fold.ts";
import { openStore } from "../../../src/journal/store.ts";
import type { History } from "../../../src/model/history.ts";
import { openClock } from "../../../src/system/clock.ts";
import { openHttp } from "../../../src/system/http.ts";
import { openInbox } from "../../../src/system/inbox.ts";
import { openLog } from "../../../src/system/log.ts";
import { HEALTH, openStoryWorld, type StoryWorld } from "../../support/story-world.ts";

/** A rollwatch that watches a story's application in real time, and asks real programs beside it. */
export interface RealTime {
  readonly world: StoryWorld;
  history(): History;
  /** SIGTERM: it puts everything away. */
  stop(): Promise<void>;
}

/** Starts it; returns when it is ready. */
export async function watchInRealTime(config: Config): Promise<RealTime> {
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  await mkdir(config.application.pm2Home, { recursive: true });
  const world = openStoryWorld(config.application.root);
  await world.install("good-1", "works");
  const clock = openClock();
  const real = openHttp(clock);
  const { files, http } = world.ports;
  const ports = {
    ...world.ports,
    clock,
    http: {
      ask: async (request: Parameters<typeof real.ask>[0], signal: AbortSignal) =>
        (request.url === HEALTH ? http : real).ask(request, signal),
    },
    inbox: openInbox(join(config.state, "inbox.json"), { clock, files }),
  };
  const log = openLog({ level: "silent", secrets: [], fd: 1 });
  const lifecycle = openLifecycle(log);
  const store = openStore(join(config.state, "journal.db"), clock);
  lifecycle.onStop("journal", () => store.close());
  const stopping = new AbortController();
  let ended: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    const host = { version: "test", pid: 1, nodeVersion: "v20", announceReady: resolve };
    ended = watchOver({ config, world: ports, store, log, host, lifecycle }, stopping.signal);
    ended.catch(reject);
  });
  return {
    world,
    history: () => store.entries().reduce(fold, emptyHistory),
    stop: async () => {
      stopping.abort("told to stop");
      await ended;
      await lifecycle.stop();
    },
  };
}
