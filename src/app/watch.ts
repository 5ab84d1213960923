import { join } from "node:path";
import { SOCKET_NAME } from "../api/contract.ts";
import { openApi } from "../api/server.ts";
import type { DaemonHost } from "../cli/ports.ts";
import type { Config } from "../config/schema.ts";
import type { JournalStore } from "../journal/store.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Verdict } from "../model/verdict.ts";
import { startDelivery } from "../notify/outbox.ts";
import { childOf } from "../system/abort.ts";
import type { Log } from "../system/log.ts";
import { openBell, type Bell } from "./bell.ts";
import { think } from "./brain.ts";
import { bootOf, noteSetMeanwhile } from "./boot.ts";
import { daemonActions } from "./actions.ts";
import { daemonIncoming } from "./incoming.ts";
import { assemble } from "./assemble.ts";
import type { Daemon } from "./daemon.ts";
import { keepReady } from "./keep-ready.ts";
import { endLeftBehind } from "./left-behind.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { feedMetrics } from "./feed-metrics.ts";
import { daemonOperations } from "./operations.ts";
import { readinessOf } from "./readiness.ts";
import { channelsOf, takeSamples } from "./loops.ts";
import { openProver } from "./prover.ts";
import { oversee } from "./oversee.ts";
import type { Supervision } from "./service-manager.ts";
import { noteStorm } from "./restart-storm.ts";
import { openChangeWatch } from "./watch-changes.ts";
import { startRecording, type Recording } from "./record.ts";
import type { World } from "./world.ts";

/** What a daemon is made of; the world and the store are the caller's. */
export interface WatchInput {
  readonly config: Config;
  readonly world: World;
  readonly store: JournalStore;
  readonly log: Log;
  readonly host: DaemonHost;
  readonly lifecycle: Lifecycle;
  /** Absent where no service manager started rollwatch. */
  readonly supervision?: Supervision;
}

/** Longest wait at the end for notices that are due. */
const DRAIN_MS = 3000;

/** Watches until the signal aborts; rejects when a part of it fails, since a watcher that is half alive is worse than none. */
export async function watchOver(input: WatchInput, signal: AbortSignal): Promise<void> {
  const { config, world, log, host, lifecycle } = input;
  await endLeftBehind(world, log, signal);
  const daemon = assemble(input);
  const metrics = feedMetrics(daemon, host);
  const bell = openBell(world.clock);
  const recording = startRecording(daemon, host.version);
  let last: Verdict | undefined;
  let lastTurnAt: number | undefined;
  const startedAt = world.clock.now();
  const running = { version: host.version, pid: host.pid, startedAt, lastVerdict: () => last };
  const api = await openApi(
    {
      operations: daemonOperations(daemon, running),
      actions: daemonActions(daemon, () => bell.ring()),
      incoming: daemonIncoming(daemon),
      people: config.people,
      version: host.version,
      clock: world.clock,
      metrics,
      readiness: () => readinessOf(daemon, lastTurnAt),
    },
    { listen: config.server.listen, socketPath: join(config.state, SOCKET_NAME) },
  );
  lifecycle.onStop("api", async () => api.close());
  log.info({ url: api.url, application: config.application.name }, "watching");
  noteStart(daemon, host);
  const overseers = { metrics, supervision: input.supervision, lifecycle };
  const overseen = oversee(daemon, overseers, signal);

  function onTurn(verdict: Verdict, lagMs: number): void {
    if (last === undefined) {
      host.announceReady();
      overseen.ready();
    }
    last = verdict;
    lastTurnAt = world.clock.monotonic();
    metrics.onRound(lagMs);
    recording.look();
  }

  function onTurned(): void {
    overseen.turned();
  }

  await runParts(daemon, { bell, metrics, recording, onTurn, onTurned }, signal);
}

function noteStart(daemon: Daemon, host: DaemonHost): void {
  noteSetMeanwhile(daemon);
  const endedUncleanly = daemon.journal.history().isRunning === true;
  daemon.journal.record({
    kind: "daemon-started",
    pid: host.pid,
    version: host.version,
    configHash: daemon.config.hash,
    ...bootOf(daemon.world.clock),
  });
  if (endedUncleanly) {
    noteStorm(daemon);
  }
}

interface LoopParts {
  readonly bell: Bell;
  readonly metrics: Metrics;
  readonly recording: Recording;
  readonly onTurn: (verdict: Verdict, lagMs: number) => void;
  readonly onTurned: () => void;
}

/** All loops side by side; the first one that ends, ends the others. */
async function runParts(daemon: Daemon, parts: LoopParts, signal: AbortSignal): Promise<void> {
  const { world, journal, log } = daemon;
  const ending = childOf(signal);
  const delivering = new AbortController();
  const deliveries = startDelivery(
    { journal, channels: channelsOf(daemon), clock: world.clock, random: () => world.ids.random() },
    delivering.signal,
  );
  const prover = openProver(daemon);
  const changes = openChangeWatch(daemon);
  const loops = [
    takeSamples(daemon, parts, ending.signal),
    daemon.surroundings.keepLooking(ending.signal),
    keepReady(daemon, ending.signal),
    parts.recording.run(ending.signal),
    think({ ...parts, daemon, prover, changes }, ending.signal),
    deliveries.finished,
  ];
  try {
    await Promise.race(loops);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    ending.abort(signal.reason);
    await Promise.allSettled(loops.slice(0, -1));
    await prover.stop();
    await deliveries.drain(DRAIN_MS);
    delivering.abort();
    await deliveries.finished;
    ending.release();
  }
  journal.record({ kind: "daemon-stopped", reason: String(signal.reason) });
  log.info("stopped");
}
