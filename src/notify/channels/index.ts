import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Clock } from "../../system/clock.ts";
import type { Log } from "../../system/log.ts";
import type { Channel } from "../channel.ts";
import { createEmailChannel, EmailChannelSettings } from "./email.ts";
import { AlertmanagerChannelSettings, createAlertmanagerChannel } from "./alertmanager.ts";
import { createLogChannel, LogChannelSettings } from "./log.ts";
import { createNtfyChannel, NtfyChannelSettings } from "./ntfy.ts";
import { createOpsgenieChannel, OpsgenieChannelSettings } from "./opsgenie.ts";
import { createPagerdutyChannel, PagerdutyChannelSettings } from "./pagerduty.ts";
import { createSlackBotChannel, SlackBotChannelSettings } from "./slack-bot.ts";
import { createSlackChannel, SlackChannelSettings } from "./slack.ts";
import { createTeamsChannel, TeamsChannelSettings } from "./teams.ts";
import { createTwilioChannel, TwilioChannelSettings } from "./twilio.ts";
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
  TwilioChannelSettings,
  NtfyChannelSettings,
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
  return isThreaded(settings)
    ? createThreadedChannel(name, settings, ports.clock)
    : createPlainChannel(name, settings, ports);
}

/** Services for teams, where an incident is one thing that changes. */
const THREADED = ["slack", "slack-bot", "teams", "pagerduty", "opsgenie", "alertmanager"] as const;
type Threaded = Extract<ChannelSettings, { readonly kind: (typeof THREADED)[number] }>;

function isThreaded(settings: ChannelSettings): settings is Threaded {
  return THREADED.some((kind) => kind === settings.kind);
}

function createThreadedChannel(name: string, settings: Threaded, clock: Clock): Channel {
  switch (settings.kind) {
    case "slack":
      return createSlackChannel(name, settings, clock);
    case "slack-bot":
      return createSlackBotChannel(name, settings, clock);
    case "teams":
      return createTeamsChannel(name, settings, clock);
    case "pagerduty":
      return createPagerdutyChannel(name, settings, clock);
    case "opsgenie":
      return createOpsgenieChannel(name, settings, clock);
    case "alertmanager":
      return createAlertmanagerChannel(name, settings, clock);
    default:
      return assertNever(settings);
  }
}

/** One message for each notice. */
function createPlainChannel(
  name: string,
  settings: Exclude<ChannelSettings, Threaded>,
  { clock, log }: ChannelPorts,
): Channel {
  switch (settings.kind) {
    case "log":
      return createLogChannel(name, log);
    case "webhook":
      return createWebhookChannel(name, settings, clock);
    case "email":
      return createEmailChannel(name, settings, clock);
    case "twilio":
      return createTwilioChannel(name, settings, clock);
    case "ntfy":
      return createNtfyChannel(name, settings, clock);
    default:
      return assertNever(settings);
  }
}
