import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import { Failure } from "../../model/failure.ts";
import type { Reading } from "../../model/sample.ts";
import { isStoppedByPerson, type Service } from "../../model/service.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Pm2 } from "../../system/pm2.ts";
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

  async function sample(signal: AbortSignal): Promise<Reading> {
    const deadline = ports.clock.deadline(settings.timeout, signal);
    try {
      const services = await ports.pm2.services(ports.services, deadline);
      return readingOf(services, stability, ports.clock.now());
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) {
        return absent("pm2-hung", "pm2 did not answer in time");
      }
      if (error instanceof Failure && error.code === "pm2-unreachable") {
        return whyUnreachable(ports.pm2, error, signal);
      }
      throw error;
    }
  }

  return {
    signal: name,
    kind: settings.kind,
    intervalMs: settings.interval,
    timeoutMs: settings.timeout,
    sample,
  };
}

async function whyUnreachable(pm2: Pm2, error: Failure, signal: AbortSignal): Promise<Reading> {
  const daemon = await pm2.daemon(signal);
  switch (daemon.kind) {
    case "dead":
      return absent("pm2-dead", daemon.reason);
    case "hung":
      return absent("pm2-hung", daemon.reason);
    case "alive":
      return absent("pm2-hung", error.message);
    default:
      return assertNever(daemon);
  }
}

function absent(reason: "pm2-dead" | "pm2-hung", detail: string): Reading {
  return { kind: "absent", reason, detail };
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
