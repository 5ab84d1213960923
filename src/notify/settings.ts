import { z } from "zod";
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
    })
    .prefault({}),
});
export type NotifySettings = z.infer<typeof NotifySettings>;
