import type { Channel } from "../notify/channel.ts";
import { type Deliveries, startDelivery } from "../notify/outbox.ts";
import type { Daemon } from "./daemon.ts";

/** Delivers what the journal owes through these channels, until the signal aborts; what one does not take, others hear. */
export function deliver(
  { config, journal, world }: Pick<Daemon, "config" | "journal" | "world">,
  channels: readonly Channel[],
  signal: AbortSignal,
): Deliveries {
  const { routes, fallbackAfter } = config.notify;
  const cover = { application: config.application.name, routes, fallbackAfter };
  const { clock, ids } = world;
  return startDelivery({ journal, channels, clock, random: () => ids.random(), cover }, signal);
}
