import type { Config } from "../config/schema.ts";
import type { SignalRule } from "../model/signal.ts";
import { traitsOf } from "../observe/probes/index.ts";
import { openWake, type Wake } from "../observe/wake.ts";
import type { Pm2Events } from "../system/pm2-events.ts";

/** What pm2's word about a process may mean for the application: that it is gone, back, or given up. */
const EVENTS: ReadonlySet<string> = new Set(["exit", "online", "restart overlimit"]);

/** Wakes signals at pm2's word. */
export interface EventWake extends Wake {
  /** Listens until the signal aborts. */
  listen(signal: AbortSignal): Promise<never>;
}

/**
 * Wakes what can confirm an event of pm2: the pm2 probe, and what asks the service itself. The event alone is never a
 * sample.
 */
export function wakeOnEvents(
  config: Pick<Config, "application" | "signals">,
  rules: readonly SignalRule[],
  events: Pm2Events,
): EventWake {
  const wake = openWake();
  const signals = new Map(
    config.application.services.map(({ name }) => [name, signalsFor(name, config, rules)]),
  );
  return {
    onWake: (listener) => wake.onWake(listener),
    listen: async (signal) =>
      events.listen(({ service, event }) => {
        const concerned = signals.get(service);
        if (EVENTS.has(event) && concerned !== undefined) {
          wake.wake(concerned);
        }
      }, signal),
  };
}

function signalsFor(
  service: string,
  config: Pick<Config, "signals">,
  rules: readonly SignalRule[],
): ReadonlySet<string> {
  const behind = new Map(rules.map((rule) => [rule.name, rule.service]));
  return new Set(
    config.signals
      .filter((one) => isAsking(one, service, behind.get(one.name)))
      .map(({ name }) => name),
  );
}

/** A question that is timed keeps its times: a request made because of a crash is none of everybody's. */
function isAsking(
  { probe }: Config["signals"][number],
  service: string,
  behind: string | undefined,
): boolean {
  const asksService = probe.kind === "http" || probe.kind === "websocket" || probe.kind === "tcp";
  return (
    probe.kind === "pm2" ||
    (asksService && behind === service && traitsOf(probe, 0).judgedBy === "value")
  );
}
