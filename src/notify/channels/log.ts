import { z } from "zod";
import type { Log } from "../../system/log.ts";
import type { Channel } from "../channel.ts";

/** Writes notices to rollwatch's own log. */
export const LogChannelSettings = z.strictObject({ kind: z.literal("log") });
export type LogChannelSettings = z.infer<typeof LogChannelSettings>;

/** A channel that always delivers: pages as warnings, everything else as information. */
export function createLogChannel(name: string, log: Log): Channel {
  return {
    name,
    send: async ({ id, reason, urgency, incident, title, text }, signal) => {
      signal.throwIfAborted();
      const fields = { notice: id, reason, urgency, incident, title, text };
      if (urgency === "page") {
        log.warn(fields, "notice");
      } else {
        log.info(fields, "notice");
      }
      return { kind: "delivered" };
    },
  };
}
