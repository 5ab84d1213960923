import { z } from "zod";
import type { Reading } from "../../model/sample.ts";
import { isStoppedByPerson, type Service } from "../../model/service.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Pm2 } from "../../system/pm2.ts";
import { askPm2 } from "../ask-pm2.ts";
import type { Probe } from "../probe.ts";
import { createStability, type Stability } from "../stability.ts";

/** Asks pm2 about the application's services and measures how many of them are down. */
export const Pm2ProbeSettings = z.strictObject({
  kind: z.literal("pm2"),
  /** Time between two questions. Default 2s. */
  interval: PositiveDuration.prefault("2s"),
  /** After this long pm2 counts as hung. Default 1500ms. */
  timeout: PositiveDuration.prefault("1500ms"),
});
export type Pm2ProbeSettings = z.infer<typeof Pm2ProbeSettings>;

/** What the probe asks and measures with. `services` are pm2 names. */
export interface Pm2ProbePorts {
  readonly pm2: Pm2;
  readonly clock: Clock;
  readonly services: readonly string[];
}

/** A probe that measures how many services are down; those that a person stopped are left out and named. */
export function createPm2Probe(
  name: string,
  settings: Pm2ProbeSettings,
  ports: Pm2ProbePorts,
): Probe {
  const stability = createStability();
  const { pm2, clock, services } = ports;
  const { kind, interval, timeout } = settings;
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) =>
      askPm2(
        { pm2, clock, timeoutMs: timeout },
        async (deadline) => pm2.services(services, deadline),
        (known) => readingOf(known, stability, clock.now()),
        signal,
      ),
  };
}

function readingOf(services: readonly Service[], stability: Stability, now: number): Reading {
  const stopped = services.filter(isStoppedByPerson).map((service) => service.name);
  const faults = services.flatMap((service) => {
    const fault = stability.faultOf(service, now);
    return fault === undefined ? [] : [`${service.name} ${fault}`];
  });
  const running = services.length - stopped.length - faults.length;
  const parts = [
    ...faults,
    ...(running > 0 ? [`${running} running`] : []),
    ...(stopped.length > 0 ? [`stopped: ${stopped.join(", ")}`] : []),
  ];
  return { kind: "measured", value: faults.length, detail: parts.join("; ") };
}
