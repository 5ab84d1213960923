import { z } from "zod";
import type { Outgoing } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { fit } from "../fit.ts";
import { post } from "../post.ts";

/** Pushes notices to telephones by ntfy, its own server or ntfy.sh. */
export const NtfyChannelSettings = z.strictObject({
  kind: z.literal("ntfy"),
  /** The server. Default https://ntfy.sh. */
  url: z.url({ protocol: /^https?$/u }).default("https://ntfy.sh"),
  /** The topic; without a token whoever knows it may read, so that it is a secret. */
  topic: z.string().regex(/^[-\w]{1,64}$/u, "expected up to 64 letters, digits, - and _"),
  /** An access token (`tk_…`) that may write the topic. Default none. */
  token: z.string().min(16).optional(),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type NtfyChannelSettings = z.infer<typeof NtfyChannelSettings>;

/** Bytes: above these ntfy makes a message an attachment, or cuts it; https://docs.ntfy.sh/publish/#limitations. */
const MAX_MESSAGE_BYTES = 4000;
const MAX_TITLE_BYTES = 250;
/** `urgent` rings through, `low` makes no sound; https://docs.ntfy.sh/publish/#message-priority. */
const PRIORITY = { page: 5, tell: 2 } as const;

/** A channel to who has subscribed to a topic. A notice that is sent twice comes twice, with the same id below it. */
export function createNtfyChannel(
  name: string,
  { url, topic, token, timeout: timeoutMs }: NtfyChannelSettings,
  clock: Clock,
): Channel {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...authorization, "content-type": "application/json" };
  const secrets = [topic, ...(token === undefined ? [] : [token])];
  return {
    name,
    send: async (notice, signal) => {
      const body = JSON.stringify({ topic, ...messageOf(notice) });
      return post({ url, headers, body, timeoutMs, secrets, isTaken }, clock, signal);
    },
  };
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** ntfy answers with the message as it keeps it. */
function isTaken(status: number, answer: string): boolean {
  return status === 200 && /"event"\s*:\s*"message"/u.test(answer);
}

function messageOf({
  id,
  reason,
  urgency,
  title,
  text,
  incident,
}: Outgoing): Readonly<Record<string, unknown>> {
  const below = [reason, ...(incident === null ? [] : [incident]), id].join(" ");
  const room = MAX_MESSAGE_BYTES - Buffer.byteLength(below) - 2;
  return {
    title: fit(title, { max: MAX_TITLE_BYTES, size: bytesOf }),
    message: `${fit(text, { max: room, size: bytesOf })}\n\n${below}`,
    priority: PRIORITY[urgency],
    tags: [urgency === "page" ? "rotating_light" : "information_source"],
  };
}
