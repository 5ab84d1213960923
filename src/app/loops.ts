import type { Metrics } from "../metrics/registry.ts";
import { messageOf } from "../model/failure.ts";
import { createChannel } from "../notify/channels/index.ts";
import { createProbe } from "../observe/probes/index.ts";
import type { Probe } from "../observe/probe.ts";
import { type SamplerInput, startSampler } from "../observe/sampler.ts";
import { openSources } from "../observe/sources.ts";
import { withChild } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";
import type { Bell } from "./bell.ts";
import type { Daemon } from "./daemon.ts";
import { openLockfiles } from "./lockfiles.ts";
import { sightOf } from "./sight.ts";
import { wireSynthetic } from "./synthetic.ts";
import { type EventWake, wakeOnEvents } from "./wake-on-events.ts";

/** Longer than a clean-up may take, shorter than what pm2 gives rollwatch to end. */
const LONGEST_END_MS = 5000;

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
  const synthetic = wireSynthetic(daemon);
  const lockfiles = openLockfiles({ config, files: world.files, journal: daemon.journal });
  const shared = { sources, lockfiles, sight: sightOf(daemon) };
  const ports = { ...world, ...synthetic, ...shared, services, secrets, databaseUrl };
  const kinds = new Map(config.signals.map((one) => [one.name, one.probe.kind]));
  const underWay = new Set<Promise<unknown>>();
  const wake = wakeOnEvents(config, daemon.rules, world.pm2Events);
  const sampler: SamplerInput = {
    probes: config.signals.map((one) => awaited(createProbe(one, ports), underWay)),
    clock: world.clock,
    lag: world.eventLoop,
    againMs: (name) => observatory.againMs(name),
    onSample: (taken) => {
      observatory.receive(taken);
      metrics?.onSample(taken, kinds.get(taken.signal) ?? "unknown");
      bell.ring();
    },
    wake,
  };
  try {
    await withChild(signal, async (own) => {
      void listen(daemon, wake, own);
      await startSampler(sampler, own);
    });
  } finally {
    await untilEnded(underWay, world.clock);
  }
}

/** Waits for runs that were told to stop, but not for one that does not hear. */
async function untilEnded(runs: ReadonlySet<Promise<unknown>>, clock: Clock): Promise<void> {
  const ended = new AbortController();
  const waited = clock.sleep(LONGEST_END_MS, ended.signal).catch(() => undefined);
  await Promise.race([Promise.allSettled(runs), waited]);
  ended.abort();
}

/** A probe whose run is known until it has ended: one that was told to stop may have to clean up. */
function awaited(probe: Probe, underWay: Set<Promise<unknown>>): Probe {
  return {
    ...probe,
    sample: async (signal) => {
      const run = probe.sample(signal);
      underWay.add(run);
      try {
        return await run;
      } finally {
        underWay.delete(run);
      }
    },
  };
}

/** Without pm2's word a crash is seen at the next look. */
async function listen({ log }: Daemon, wake: EventWake, signal: AbortSignal): Promise<void> {
  try {
    await wake.listen(signal);
  } catch (error) {
    if (!signal.aborted) {
      log.warn({ error: messageOf(error) }, "pm2's events are not listened to");
    }
  }
}

/** The configured channels. */
export function channelsOf({
  config,
  world,
  log,
}: Pick<Daemon, "config" | "log"> & { readonly world: Pick<Daemon["world"], "clock"> }): ReturnType<
  typeof createChannel
>[] {
  return Object.entries(config.notify.channels).map(([name, settings]) =>
    createChannel(name, settings, { clock: world.clock, log }),
  );
}
