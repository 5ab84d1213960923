import type { Metrics } from "../metrics/registry.ts";
import { openCycles } from "./cycles.ts";
import type { Daemon } from "./daemon.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { superviseWith, type Supervision } from "./service-manager.ts";

/** Whom a daemon's cycles are told. */
export interface Overseers {
  readonly metrics: Metrics;
  readonly supervision: Supervision | undefined;
  readonly lifecycle: Lifecycle;
}

/** The daemon's own life, as those who watch it learn of it. */
export interface Overseen {
  /** The first turn was judged. */
  ready(): void;
  /** A turn is over. */
  turned(): void;
}

/** Lets the service manager, the heartbeat and the metrics know of each completed cycle, until the signal aborts. */
export function oversee(
  daemon: Daemon,
  { metrics, supervision, lifecycle }: Overseers,
  signal: AbortSignal,
): Overseen {
  const { config, world, log } = daemon;
  const cycles = openCycles(daemon);
  cycles.onCycle(({ kind }) => {
    if (kind === "completed") {
      metrics.onCycle(world.clock.now());
    }
  });
  const { heartbeat } = config.watchdog;
  if (heartbeat !== undefined) {
    startHeartbeat({ daemon, settings: heartbeat, cycles, metrics }, signal);
  }
  const { clock } = world;
  const supervised =
    supervision === undefined
      ? undefined
      : superviseWith(supervision, { clock, log, cycles }, signal);
  if (supervised !== undefined) {
    lifecycle.onStop("service manager", async () => supervised.stopping());
  }
  return {
    ready: () => {
      supervised?.ready(`watching ${config.application.name}`);
    },
    turned: () => cycles.turned(),
  };
}
