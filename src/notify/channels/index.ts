import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Clock } from "../../system/clock.ts";
import type { Log } from "../../system/log.ts";
import type { Channel } from "../channel.ts";
import { createLogChannel, LogChannelSettings } from "./log.ts";
import { createSlackChannel, SlackChannelSettings } from "./slack.ts";
import { createWebhookChannel, WebhookChannelSettings } from "./webhook.ts";

/** The settings of every kind of channel. */
export const ChannelSettings = z.discriminatedUnion("kind", [
  LogChannelSettings,
  WebhookChannelSettings,
  SlackChannelSettings,
]);
export type ChannelSettings = z.infer<typeof ChannelSettings>;

/** What channels need of the outside world. */
export interface ChannelPorts {
  readonly clock: Clock;
  readonly log: Log;
}

/** The channel that these settings ask for. */
export function createChannel(
  name: string,
  settings: ChannelSettings,
  ports: ChannelPorts,
): Channel {
  switch (settings.kind) {
    case "log":
      return createLogChannel(name, ports.log);
    case "webhook":
      return createWebhookChannel(name, settings, ports.clock);
    case "slack":
      return createSlackChannel(name, settings, ports.clock);
    default:
      return assertNever(settings);
  }
}
