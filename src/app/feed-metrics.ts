import type { DaemonHost } from "../cli/ports.ts";
import { GUARDS } from "../decide/guards/index.ts";
import { modeOf, tierOf } from "../decide/policy.ts";
import { recordOf } from "../decide/record.ts";
import { createMetrics, type Metrics } from "../metrics/registry.ts";
import { messageOf } from "../model/failure.ts";
import { pageChannel } from "../notify/status-page/publish.ts";
import { KnownStep } from "../recover/steps/index.ts";
import { judgeNow, signalsNow, type Daemon } from "./daemon.ts";
import { newestProven } from "./keep-ready.ts";

/** The metrics of this daemon: its journal feeds them from now on, and a scrape looks at the rest when it comes. */
export function feedMetrics(daemon: Daemon, host: DaemonHost): Metrics {
  const { config, journal } = daemon;
  const metrics = createMetrics({
    application: config.application.name,
    version: host.version,
    nodeVersion: host.nodeVersion,
    probes: config.signals.map(({ name, probe }) => ({
      signal: name,
      kind: probe.kind,
      limitsMs: [probe.timeout, ...slowerThanMs(daemon, name)],
    })),
    tierOf: (trigger) => tierOf(config.policy, trigger),
    guards: GUARDS.map((guard) => guard.id),
    steps: KnownStep.options.map((step) => step.shape.kind.value),
    channels: [
      ...Object.keys(config.notify.channels),
      ...Object.keys(config.statusPage.publish).map(pageChannel),
    ],
  });
  metrics.onStart(journal.history());
  journal.onEntry((entry) => metrics.onEntry(entry, journal.history()));
  return {
    ...metrics,
    render: async () => {
      showPresent(daemon, metrics);
      metrics.onSnapshot(await snapshotAgeMs(daemon));
      await showDatabase(daemon, metrics);
      return metrics.render();
    },
  };
}

/** Above which time a request that this signal counts is a slow one; empty where it counts none. */
function slowerThanMs({ rules }: Daemon, signal: string): readonly number[] {
  const test = rules.find((rule) => rule.name === signal)?.test;
  return test?.kind === "share" && test.overMs !== undefined ? [test.overMs] : [];
}

/** Also while a recovery holds up the loop that judges. */
function showPresent(daemon: Daemon, metrics: Metrics): void {
  const { surroundings, journal, readinesses, world, config } = daemon;
  const history = journal.history();
  const target = newestProven(history);
  const services = surroundings.daemon()?.kind === "alive" ? surroundings.services() : undefined;
  const isReady = target !== undefined && readinesses.get(target.id)?.kind === "ready";
  metrics.onVerdict(judgeNow(daemon));
  metrics.onSignals(signalsNow(daemon));
  metrics.onControls(surroundings.controls());
  metrics.onServices(services);
  metrics.onReadiness("application", isReady);
  metrics.onReadiness("configuration", isReady);
  metrics.onReadiness("service", (services ?? []).length > 0);
  metrics.onMoment(history, world.clock.now());
  metrics.onRecord(recordOf(history, (trigger) => modeOf(config.policy, trigger)));
}

/** Nothing is said where no warm database is asked for. */
async function showDatabase(
  { config, journal, catalogue, log }: Daemon,
  metrics: Metrics,
): Promise<void> {
  if ((config.database?.rollback.warm ?? "off") === "off") {
    return;
  }
  const release = newestProven(journal.history())?.id;
  try {
    const warm = release === undefined ? undefined : await catalogue.readWarm(release);
    const record = release === undefined ? undefined : await catalogue.readDatabase(release);
    const seconds = record?.kind === "dump" ? record.restoreSeconds : undefined;
    metrics.onDatabase(warm !== undefined, seconds);
  } catch (error) {
    log.warn({ error: messageOf(error) }, "could not look whether a warm database waits");
  }
}

/** The age of the newest snapshot of the database that a proven release has; undefined while there is none, or none that can be read. */
async function snapshotAgeMs(daemon: Daemon): Promise<number | undefined> {
  const { journal, catalogue, world, log } = daemon;
  const proven = journal.history().releases.filter((one) => one.provenAt !== undefined);
  try {
    const records = await Promise.all(proven.map(async ({ id }) => catalogue.readDatabase(id)));
    const times = records.flatMap((one) =>
      one === undefined || one.kind === "none" ? [] : [one.at],
    );
    return times.length === 0 ? undefined : world.clock.now() - Math.max(...times);
  } catch (error) {
    log.warn({ error: messageOf(error) }, "could not look how old the snapshots are");
    return undefined;
  }
}
