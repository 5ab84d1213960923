import type { Metrics } from "../metrics/registry.ts";
import { createChannel } from "../notify/channels/index.ts";
import { createProbe } from "../observe/probes/index.ts";
import { startSampler } from "../observe/sampler.ts";
import { openSources } from "../observe/sources.ts";
import type { Bell } from "./bell.ts";
import type { Daemon } from "./daemon.ts";

/** Whom a new sample is told to, beside the observatory; a single command has no metrics. */
export interface SampleListeners {
  readonly bell: Bell;
  readonly metrics?: Metrics;
}

/** Asks every probe on its own grid of times until the signal aborts. */
export async function takeSamples(
  daemon: Daemon,
  { bell, metrics }: SampleListeners,
  signal: AbortSignal,
): Promise<void> {
  const { config, world, observatory } = daemon;
  const services = config.application.services.map((service) => service.name);
  const { secrets } = config;
  const sources = openSources(world);
  const databaseUrl = config.database?.url;
  const ports = { ...world, services, secrets, sources, databaseUrl };
  const kinds = new Map(config.signals.map((one) => [one.name, one.probe.kind]));
  await startSampler(
    {
      probes: config.signals.map((one) => createProbe(one, ports)),
      clock: world.clock,
      lag: world.eventLoop,
      againMs: (name) => observatory.againMs(name),
      onSample: (taken) => {
        observatory.receive(taken);
        metrics?.onSample(taken, kinds.get(taken.signal) ?? "unknown");
        bell.ring();
      },
    },
    signal,
  );
}

/** The configured channels. */
export function channelsOf({ config, world, log }: Daemon): ReturnType<typeof createChannel>[] {
  return Object.entries(config.notify.channels).map(([name, settings]) =>
    createChannel(name, settings, { clock: world.clock, log }),
  );
}
