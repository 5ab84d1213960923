import { z } from "zod";
import { HttpProbeSettings } from "./http.ts";
import { Pm2ProbeSettings } from "./pm2.ts";

/** The settings of every kind of probe. */
export const ProbeSettings = z.discriminatedUnion("kind", [HttpProbeSettings, Pm2ProbeSettings]);
export type ProbeSettings = z.infer<typeof ProbeSettings>;
