import { Failure } from "../model/failure.ts";
import type { Incoming } from "../model/incoming.ts";
import type { Daemon } from "./daemon.ts";

/** What others may tell this daemon: the inbox, for the signals that are configured to hear of it. */
export function daemonIncoming({ config, world }: Pick<Daemon, "config" | "world">): Incoming {
  const { inbox } = world;
  const told = new Set(
    config.signals.flatMap(({ name, probe }) => (probe.kind === "webhook" ? [name] : [])),
  );
  const heartbeats = config.signals.flatMap(({ name, probe }) => {
    if (probe.kind !== "heartbeat") {
      return [];
    }
    return [{ signal: name, ...(probe.token === undefined ? {} : { token: probe.token }) }];
  });
  return {
    heartbeats,
    checkIn: async (signal) => inbox.checkIn(signal),
    hearAlerts: async (message) => inbox.hearAlerts(message),
    hearReport: async ({ signal, state, reason }, by) => {
      if (!told.has(signal)) {
        throw new Failure("signal-unknown", `no signal ${signal} has a probe of the kind webhook`, {
          hint: "See GET /api/v1/signals for the names, and signals[].probe.kind in the configuration.",
        });
      }
      await inbox.hearReport(signal, { state, reason, by: by.name });
    },
  };
}
