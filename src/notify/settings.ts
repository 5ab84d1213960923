import { z } from "zod";
import { Duration, PositiveDuration } from "../model/units.ts";
import { ChannelSettings } from "./channels/index.ts";

/** Who is told where. */
export const NotifySettings = z.strictObject({
  /** Channels by a name of your choice. */
  channels: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/u), ChannelSettings)
    .default({ log: { kind: "log" } }),
  /** Channel names for what wakes somebody (`page`) and what informs (`tell`). */
  routes: z
    .strictObject({
      page: z.array(z.string()).min(1).default(["log"]),
      tell: z.array(z.string()).min(1).default(["log"]),
      /** Channels that have a page when one that should have it has not taken it. Default none. */
      fallback: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** A page that a channel has not taken for this long goes to `routes.fallback`, too. Default 2m. */
  fallbackAfter: PositiveDuration.prefault("2m"),
  /** Each channel but a log proves this often, by a short notice in business hours, that notices arrive; 0s: never. Default 24h. */
  proof: Duration.prefault("24h"),
  /** People hear of an open incident at least this often; 0s: only when something happens. Default 15m. */
  updates: Duration.prefault("15m"),
  /** People are reminded of what is to be done after a rollback when its time is over, and this often after the last; 0s: never. Default 24h. */
  taskReminders: Duration.prefault("24h"),
});
export type NotifySettings = z.infer<typeof NotifySettings>;
