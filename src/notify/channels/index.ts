import { z } from "zod";
import { LogChannelSettings } from "./log.ts";
import { WebhookChannelSettings } from "./webhook.ts";

/** The settings of every kind of channel. */
export const ChannelSettings = z.discriminatedUnion("kind", [
  LogChannelSettings,
  WebhookChannelSettings,
]);
export type ChannelSettings = z.infer<typeof ChannelSettings>;
