import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import { HostPort, partsOf } from "../../model/host-port.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Knocked, Tcp } from "../../system/tcp.ts";
import { tellMilestones, tellUnconnected } from "../exchange.ts";
import type { Probe } from "../probe.ts";

/** Connects to an address and measures 1 when that fails, else 0. */
export const TcpProbeSettings = z.strictObject({
  kind: z.literal("tcp"),
  /** Host and port, such as `127.0.0.1:5432`. */
  address: HostPort,
  /** Time between two connections. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** After this long without a connection the target failed. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
});
export type TcpProbeSettings = z.infer<typeof TcpProbeSettings>;

/** A probe that measures 1 while nobody takes the connection. */
export function createTcpProbe(
  name: string,
  settings: TcpProbeSettings,
  { tcp }: { readonly tcp: Tcp },
): Probe {
  const { kind, address, interval, timeout } = settings;
  const knock = { ...partsOf(address), timeoutMs: timeout };
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => readingOf(await tcp.connect(knock, signal)),
  };
}

function readingOf(knocked: Knocked): Reading {
  switch (knocked.kind) {
    case "local":
      return { kind: "absent", reason: knocked.reason, detail: knocked.detail };
    case "failed":
      return { kind: "measured", value: 1, detail: tellUnconnected(knocked) };
    case "open":
      return { kind: "measured", value: 0, detail: tellMilestones(knocked.milestones) };
    default:
      return assertNever(knocked);
  }
}
