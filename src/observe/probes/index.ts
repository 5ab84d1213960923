import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Http } from "../../system/http.ts";
import type { Websocket } from "../../system/websocket.ts";
import type { Probe } from "../probe.ts";
import { createHttpProbe, HttpProbeSettings } from "./http.ts";
import { createPm2Probe, type Pm2ProbePorts, Pm2ProbeSettings } from "./pm2.ts";
import { createWebsocketProbe, WebsocketProbeSettings } from "./websocket.ts";

/** The settings of every kind of probe. */
export const ProbeSettings = z.discriminatedUnion("kind", [
  HttpProbeSettings,
  Pm2ProbeSettings,
  WebsocketProbeSettings,
]);
export type ProbeSettings = z.infer<typeof ProbeSettings>;

/** What the judgement must know of a probe. */
export interface ProbeTraits {
  /** The unit of its values, base units in plural: `seconds`, `ratio`, `bytes`, `failures`. */
  readonly unit: string;
  /**
   * `value`: bad above the limit. `requests`: single requests, of which the configured share may be above the limit.
   * `share`: counts, and the limit itself is the share of them that may be bad. `allowed-share`: counts of requests above the
   * limit, of which the configured share may be.
   */
  readonly judgedBy: "value" | "requests" | "share" | "allowed-share";
  /** The largest value that can be; absent when there is none. */
  readonly largest?: number;
  /** The address it asks, for finding out which service answers. */
  readonly url?: string;
}

/** The traits of a probe; `services` are the application's. */
export function traitsOf(settings: ProbeSettings, services: number): ProbeTraits {
  switch (settings.kind) {
    case "http":
      return traitsOfHttp(settings);
    case "websocket":
      return traitsOfWebsocket(settings);
    case "pm2":
      return { unit: "services down", judgedBy: "value", largest: services };
    default:
      return assertNever(settings);
  }
}

function traitsOfHttp({ measure, url, timeout }: HttpProbeSettings): ProbeTraits {
  return measure === "latency"
    ? { unit: "seconds", judgedBy: "requests", largest: timeout / 1000, url }
    : { unit: "failures", judgedBy: "value", largest: 1, url };
}

function traitsOfWebsocket({ url }: WebsocketProbeSettings): ProbeTraits {
  // A WebSocket begins as a request of HTTP: on the address of the API it is the API's service that answers.
  return { unit: "failures", judgedBy: "value", largest: 1, url: url.replace(/^ws/u, "http") };
}

/** Everything that some kind of probe asks with. */
export interface ProbePorts extends Pm2ProbePorts {
  readonly http: Http;
  readonly websocket: Websocket;
}

/** The probe of the signal `name`. */
export function createProbe(name: string, settings: ProbeSettings, ports: ProbePorts): Probe {
  switch (settings.kind) {
    case "http":
      return createHttpProbe(name, settings, ports);
    case "pm2":
      return createPm2Probe(name, settings, ports);
    case "websocket":
      return createWebsocketProbe(name, settings, ports);
    default:
      return assertNever(settings);
  }
}
