import type { DaemonHost } from "../cli/ports.ts";
import { GUARDS } from "../decide/guards/index.ts";
import { createMetrics, type Metrics } from "../metrics/registry.ts";
import { KnownStep } from "../recover/steps/index.ts";
import type { Daemon } from "./daemon.ts";

/** The metrics of this daemon, fed by its journal from now on. */
export function feedMetrics(daemon: Daemon, host: DaemonHost): Metrics {
  const { config, journal } = daemon;
  const metrics = createMetrics({
    application: config.application.name,
    version: host.version,
    nodeVersion: host.nodeVersion,
    probes: config.signals.map(({ name, probe }) => ({
      signal: name,
      kind: probe.kind,
      timeoutMs: probe.timeout,
    })),
    guards: GUARDS.map((guard) => guard.id),
    steps: KnownStep.options.map((step) => step.shape.kind.value),
    channels: Object.keys(config.notify.channels),
  });
  metrics.onStart(journal.history());
  journal.onEntry((entry) => metrics.onEntry(entry, journal.history()));
  return metrics;
}
