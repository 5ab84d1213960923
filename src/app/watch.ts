import { join } from "node:path";
import { SOCKET_NAME } from "../api/contract.ts";
import { type ApiPlaces, openApi } from "../api/server.ts";
import type { DaemonHost } from "../cli/ports.ts";
import type { Config } from "../config/schema.ts";
import type { JournalStore } from "../journal/store.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { ApiPorts } from "../api/routes.ts";
import type { Actions } from "../model/actions.ts";
import type { Verdict } from "../model/verdict.ts";
import { childOf } from "../system/abort.ts";
import type { Log } from "../system/log.ts";
import { openBell, type Bell } from "./bell.ts";
import { think } from "./brain.ts";
import { bootOf, noteSetMeanwhile } from "./boot.ts";
import { daemonActions } from "./actions.ts";
import { daemonIncoming } from "./incoming.ts";
import { assemble } from "./assemble.ts";
import type { Daemon } from "./daemon.ts";
import { deliver } from "./deliver.ts";
import { keepReady } from "./keep-ready.ts";
import { endLeftBehind } from "./left-behind.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { feedMetrics } from "./feed-metrics.ts";
import { daemonOperations } from "./operations.ts";
import { readinessOf } from "./readiness.ts";
import { takeSamples } from "./loops.ts";
import { daemonSlack, withButtons } from "./slack-answers.ts";
import { daemonLinks, linkedChannels, openLinking, type Linking } from "./link-answers.ts";
import { keepProving } from "./channel-proof.ts";
import { keepReviewing } from "./contact-review.ts";
import { keepEscalating } from "./escalate.ts";
import { isPublished, keepPublishing, pageChannels, publicPages } from "./public-page.ts";
import { openProver } from "./prover.ts";
import { oversee } from "./oversee.ts";
import { tellMissed } from "./tell-missed.ts";
import { keepUpdating } from "./status-updates.ts";
import { keepReminding } from "./task-reminders.ts";
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
  const actions = daemonActions(daemon, () => bell.ring());
  const linking = await openLinking(daemon);
  const api = await openApi(
    {
      operations: daemonOperations(daemon, running),
      actions,
      ...answersFromOutside(daemon, { actions, linking }, signal),
      incoming: daemonIncoming(daemon),
      people: config.people,
      statusPage: publicPages(daemon),
      version: host.version,
      clock: world.clock,
      metrics,
      readiness: () => readinessOf(daemon, lastTurnAt),
      onFailure: (error, request) => {
        metrics.onApiFailure(request.status);
        log.error({ ...request, error }, "a request failed");
      },
    },
    placesOf(config),
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

  const parts = { bell, metrics, recording, onTurn, onTurned: () => overseen.turned(), linking };
  await runParts(daemon, parts, signal);
}

/** What people answer to notices with, beside the command line and the API. */
function answersFromOutside(
  daemon: Daemon,
  { actions, linking }: Pick<LoopParts, "linking"> & { readonly actions: Actions },
  signal: AbortSignal,
): Pick<ApiPorts, "links" | "slack"> {
  const slack = daemonSlack(daemon, actions, signal);
  return {
    ...(linking === undefined ? {} : { links: daemonLinks(daemon, { ...linking, actions }) }),
    ...(slack === undefined ? {} : { slack }),
  };
}

function placesOf({ server, statusPage, state }: Config): ApiPlaces {
  return { ...server, statusPage: statusPage.listen, socketPath: join(state, SOCKET_NAME) };
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
  tellMissed(daemon);
}

interface LoopParts {
  readonly bell: Bell;
  readonly metrics: Metrics;
  readonly recording: Recording;
  readonly onTurn: (verdict: Verdict, lagMs: number) => void;
  readonly onTurned: () => void;
  /** What links are made with; undefined where none are given out. */
  readonly linking: Linking | undefined;
}

/** All loops side by side; the first one that ends, ends the others. */
async function runParts(daemon: Daemon, parts: LoopParts, signal: AbortSignal): Promise<void> {
  const { journal, log } = daemon;
  const ending = childOf(signal);
  const delivering = new AbortController();
  const channels = linkedChannels(daemon, parts.linking).map((one) => withButtons(daemon, one));
  const all = [...channels, ...pageChannels(daemon)];
  const deliveries = deliver(daemon, all, delivering.signal);
  const prover = openProver(daemon);
  const changes = openChangeWatch(daemon);
  const loops = [
    takeSamples(daemon, parts, ending.signal),
    daemon.surroundings.keepLooking(ending.signal),
    keepReady(daemon, ending.signal),
    // Before the updates: who hears of both at one moment needs but one.
    keepEscalating(daemon, ending.signal),
    keepUpdating(daemon, ending.signal),
    keepReminding(daemon, ending.signal),
    keepProving(daemon, ending.signal),
    keepReviewing(daemon, ending.signal),
    ...(isPublished(daemon) ? [keepPublishing(daemon, ending.signal)] : []),
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
