import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Clock } from "../../system/clock.ts";
import type { Log } from "../../system/log.ts";
import type { Channel } from "../channel.ts";
import { createEmailChannel, EmailChannelSettings } from "./email.ts";
import { AlertmanagerChannelSettings, createAlertmanagerChannel } from "./alertmanager.ts";
import { createLogChannel, LogChannelSettings } from "./log.ts";
import { createOpsgenieChannel, OpsgenieChannelSettings } from "./opsgenie.ts";
import { createPagerdutyChannel, PagerdutyChannelSettings } from "./pagerduty.ts";
import { createSlackBotChannel, SlackBotChannelSettings } from "./slack-bot.ts";
import { createSlackChannel, SlackChannelSettings } from "./slack.ts";
import { createTeamsChannel, TeamsChannelSettings } from "./teams.ts";
import { createWebhookChannel, WebhookChannelSettings } from "./webhook.ts";

/** The settings of every kind of channel. */
export const ChannelSettings = z.discriminatedUnion("kind", [
  LogChannelSettings,
  WebhookChannelSettings,
  SlackChannelSettings,
  SlackBotChannelSettings,
  PagerdutyChannelSettings,
  OpsgenieChannelSettings,
  AlertmanagerChannelSettings,
  TeamsChannelSettings,
  EmailChannelSettings,
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
    case "slack-bot":
      return createSlackBotChannel(name, settings, ports.clock);
    case "pagerduty":
      return createPagerdutyChannel(name, settings, ports.clock);
    case "opsgenie":
      return createOpsgenieChannel(name, settings, ports.clock);
    case "email":
      return createEmailChannel(name, settings, ports.clock);
    case "alertmanager":
      return createAlertmanagerChannel(name, settings, ports.clock);
    case "teams":
      return createTeamsChannel(name, settings, ports.clock);
    default:
      return assertNever(settings);
  }
}
