import { z } from "zod";
import type { Delivery, DeliveryFailure, Outgoing } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { post } from "../post.ts";
import { slackMessage, slackText } from "../slack-message.ts";

/** Posts notices as a bot of Slack: one message of an incident that always shows the newest, with all of them in its thread. */
export const SlackBotChannelSettings = z.strictObject({
  kind: z.literal("slack-bot"),
  /** The bot's token (`xoxb-…`) with the scope chat:write. */
  token: z.string().min(16),
  /** The conversation's id, such as `C0123456789`; the bot must be a member. */
  channel: z.string().regex(/^[CGD][A-Z0-9]{2,}$/u, "expected an id such as C0123456789"),
  /** The signing secret of the app whose buttons decide; its interactivity's address ends in `/slack/interactions`. Default none: no buttons. */
  signingSecret: z.string().min(16).optional(),
  /** Slack's Web API. Default https://slack.com/api. */
  url: z.url({ protocol: /^https?$/u }).default("https://slack.com/api"),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type SlackBotChannelSettings = z.infer<typeof SlackBotChannelSettings>;

/** What a button of a message is called when it is pressed. */
export const SLACK_APPROVE = "rollwatch-approve";
export const SLACK_REJECT = "rollwatch-reject";

/** Slack is not well, or asks to be left alone; docs.slack.dev/reference/methods/chat.postMessage. */
const PASSING: Readonly<Record<string, DeliveryFailure>> = {
  ratelimited: "rate-limited",
  rate_limited: "rate-limited",
  message_limit_exceeded: "rate-limited",
  internal_error: "server-error",
  fatal_error: "server-error",
  service_unavailable: "server-error",
  request_timeout: "timeout",
};

/** This message will never be taken; whatever else is refused, such as a bot that was not invited, people can mend meanwhile. */
const FINAL: ReadonlySet<string> = new Set([
  "invalid_arguments",
  "invalid_blocks",
  "invalid_blocks_format",
  "msg_too_long",
  "no_text",
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
]);

const Answer = z.object({
  ok: z.boolean(),
  ts: z.string().optional(),
  error: z.string().optional(),
});

/** A channel that keeps one live message per incident. A notice that is sent twice is twice in the thread, with the same id. */
export function createSlackBotChannel(
  name: string,
  settings: SlackBotChannelSettings,
  clock: Clock,
): Channel {
  return {
    name,
    send: async (notice, signal) => {
      const { channel } = settings;
      const { thread, decision } = notice;
      const how = { clock, signal };
      const live = slackMessage(notice, decision === undefined ? [] : [buttons(decision)]);
      const about = slackMessage(notice);
      if (thread === undefined) {
        const first = await call(settings, "chat.postMessage", { channel, ...live }, how);
        const ts = first.kind === "delivered" ? first.receipt : undefined;
        if (ts !== undefined && notice.incident !== null) {
          // Its words stay here when the live message has others. It is delivered without this, too, so nobody tries it again.
          await call(settings, "chat.postMessage", { channel, ...about, thread_ts: ts }, how);
        }
        return first;
      }
      // First what can be done again without a trace.
      const updated = await call(settings, "chat.update", { channel, ts: thread, ...live }, how);
      if (updated.kind === "retry-later") {
        return updated;
      }
      const isLost = updated.kind === "refused";
      const reply = isLost ? about : { ...about, ...inThread(thread, notice) };
      return call(settings, "chat.postMessage", { channel, ...reply }, how);
    },
  };
}

/** Tells one member of the conversation something that nobody else sees. */
export async function whisper(
  settings: SlackBotChannelSettings,
  { user, text }: { readonly user: string; readonly text: string },
  how: Asking,
): Promise<Delivery> {
  const { channel } = settings;
  const body = { channel, user, text: slackText(text), parse: "none" };
  return call(settings, "chat.postEphemeral", body, how);
}

/** What wakes somebody is shown to the whole conversation, too. */
function inThread(thread: string, { urgency }: Outgoing): Readonly<Record<string, unknown>> {
  return { thread_ts: thread, reply_broadcast: urgency === "page" };
}

interface Asking {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function call(
  { url, token, signingSecret, timeout: timeoutMs }: SlackBotChannelSettings,
  method: string,
  message: Readonly<Record<string, unknown>>,
  { clock, signal }: Asking,
): Promise<Delivery> {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json; charset=utf-8",
  };
  const secrets = [token, ...(signingSecret === undefined ? [] : [signingSecret])];
  const posting = { url: `${url}/${method}`, headers, body: JSON.stringify(message), timeoutMs };
  return post({ ...posting, secrets, readAnswer }, clock, signal);
}

/** Slack answers 200 whatever became of it. */
function readAnswer(text: string): Delivery | undefined {
  const answer = parsed(text);
  if (answer === undefined || answer.ok) {
    const { ts } = answer ?? {};
    return answer && { kind: "delivered", ...(ts === undefined ? {} : { receipt: ts }) };
  }
  const { error = "no reason given" } = answer;
  const detail = `Slack refused: ${error.slice(0, 200)}`;
  const passing = PASSING[error];
  if (passing !== undefined) {
    return { kind: "retry-later", reason: passing, detail };
  }
  return { kind: FINAL.has(error) ? "refused" : "retry-later", reason: "rejected", detail };
}

function parsed(text: string): z.infer<typeof Answer> | undefined {
  try {
    return Answer.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function buttons({
  plan,
  hash,
}: NonNullable<Outgoing["decision"]>): Readonly<Record<string, unknown>> {
  const value = `${plan} ${hash}`;
  return {
    type: "actions",
    elements: [
      button({ text: "Approve", action_id: SLACK_APPROVE, style: "danger", value }),
      button({ text: "Reject", action_id: SLACK_REJECT, value }),
    ],
  };
}

function button({
  text,
  ...how
}: Readonly<Record<"text" | "action_id" | "value", string>> & {
  readonly style?: "danger";
}): Readonly<Record<string, unknown>> {
  const confirm = {
    title: plain(`${text} this plan?`),
    text: plain("It is decided in your name and written down."),
    confirm: plain(text),
    deny: plain("Back"),
  };
  return { type: "button", text: plain(text), confirm, ...how };
}

function plain(text: string): Readonly<Record<string, string>> {
  return { type: "plain_text", text };
}
