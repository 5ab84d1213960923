import { z } from "zod";
import type { Notice } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { fit } from "../fit.ts";
import { post } from "../post.ts";

/** Posts notices to an incoming webhook of Slack. Slack takes about one message a second there. */
export const SlackChannelSettings = z.strictObject({
  kind: z.literal("slack"),
  /** The webhook's address; whoever knows it can post. */
  url: z.url({ protocol: /^https?$/u }),
  /** Longest time for one delivery. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type SlackChannelSettings = z.infer<typeof SlackChannelSettings>;

/** Characters of a header block, as Slack counts them after escaping; node-slack-sdk's types. */
const MAX_HEADER = 150;

/** Characters of a section's or a context's text; node-slack-sdk's types. */
const MAX_TEXT = 3000;

const HEADERS = { "content-type": "application/json; charset=utf-8" };

/** A channel that writes one message per notice: title, text, and below what it is about. */
export function createSlackChannel(
  name: string,
  { url, timeout: timeoutMs }: SlackChannelSettings,
  clock: Clock,
): Channel {
  return {
    name,
    send: async (notice, signal) => {
      const body = JSON.stringify(messageOf(notice));
      return post({ url, headers: HEADERS, body, timeoutMs, isTaken: isOk }, clock, signal);
    },
  };
}

function isOk(_status: number, answer: string): boolean {
  return answer.trim() === "ok";
}

/** `text` is what notifications and screen readers have; `verbatim` and `parse` keep Slack from finding names in our words. */
function messageOf({
  id,
  reason,
  urgency,
  incident,
  title,
  text,
}: Notice): Readonly<Record<string, unknown>> {
  const about = [urgency, reason, ...(incident === null ? [] : [incident]), id].join(" · ");
  const line = title.replaceAll(/\s+/gu, " ");
  const heading = { type: "plain_text", text: shown(line, MAX_HEADER), emoji: false };
  return {
    text: shown(line, MAX_TEXT),
    parse: "none",
    link_names: false,
    unfurl_links: false,
    blocks: [
      { type: "header", text: heading },
      ...(text.trim() === "" ? [] : [{ type: "section", text: words(text) }]),
      { type: "context", elements: [words(about)] },
    ],
  };
}

function words(text: string): Readonly<Record<string, unknown>> {
  return { type: "mrkdwn", text: shown(text, MAX_TEXT), verbatim: true };
}

function shown(text: string, max: number): string {
  return fit(disarmed(text), { max, encode: escaped });
}

/** What calls a whole channel is parted by a word joiner, which nobody sees: old workspaces find it in plain text too. */
function disarmed(text: string): string {
  return text.replaceAll(/@(?=channel|here|everyone|group)/giu, "@\u2060");
}

/** Slack's three control characters; with them out of the way nobody can be mentioned and nothing linked. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
