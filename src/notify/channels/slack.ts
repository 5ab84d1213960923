import { z } from "zod";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { post } from "../post.ts";
import { slackMessage } from "../slack-message.ts";

/** Posts notices to an incoming webhook of Slack. Slack takes about one message a second there. */
export const SlackChannelSettings = z.strictObject({
  kind: z.literal("slack"),
  /** The webhook's address; whoever knows it can post. */
  url: z.url({ protocol: /^https?$/u }),
  /** Longest time for one delivery. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type SlackChannelSettings = z.infer<typeof SlackChannelSettings>;

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
      const body = JSON.stringify(slackMessage(notice));
      return post({ url, headers: HEADERS, body, timeoutMs, isTaken: isOk }, clock, signal);
    },
  };
}

function isOk(_status: number, answer: string): boolean {
  return answer.trim() === "ok";
}
