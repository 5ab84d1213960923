import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Http } from "../../system/http.ts";
import type { Probe } from "../probe.ts";
import { createHttpProbe, HttpProbeSettings } from "./http.ts";
import { createPm2Probe, type Pm2ProbePorts, Pm2ProbeSettings } from "./pm2.ts";

/** The settings of every kind of probe. */
export const ProbeSettings = z.discriminatedUnion("kind", [HttpProbeSettings, Pm2ProbeSettings]);
export type ProbeSettings = z.infer<typeof ProbeSettings>;

/** Everything that some kind of probe asks with. */
export interface ProbePorts extends Pm2ProbePorts {
  readonly http: Http;
}

/** The probe of the signal `name`. */
export function createProbe(name: string, settings: ProbeSettings, ports: ProbePorts): Probe {
  switch (settings.kind) {
    case "http":
      return createHttpProbe(name, settings, ports);
    case "pm2":
      return createPm2Probe(name, settings, ports);
    default:
      return assertNever(settings);
  }
}
