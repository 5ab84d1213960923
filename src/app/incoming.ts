import type { Incoming } from "../model/incoming.ts";
import type { Daemon } from "./daemon.ts";

/** What others may tell this daemon: the inbox, for the signals that are configured to hear of it. */
export function daemonIncoming({ config, world }: Pick<Daemon, "config" | "world">): Incoming {
  const heartbeats = config.signals.flatMap(({ name, probe }) => {
    if (probe.kind !== "heartbeat") {
      return [];
    }
    return [{ signal: name, ...(probe.token === undefined ? {} : { token: probe.token }) }];
  });
  return { heartbeats, checkIn: async (signal) => world.inbox.checkIn(signal) };
}
