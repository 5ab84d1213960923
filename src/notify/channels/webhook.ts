import { createHmac } from "node:crypto";
import { z } from "zod";
import type { Notice } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { post } from "../post.ts";

/** Posts notices as JSON, signed like Standard Webhooks when a secret is given. Goes there directly, never through a proxy. */
export const WebhookChannelSettings = z.strictObject({
  kind: z.literal("webhook"),
  url: z.url({ protocol: /^https?$/u }),
  /** Key of the `webhook-signature` header; unsigned without one. */
  secret: z.string().min(16).optional(),
  /** Longest time for one delivery. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type WebhookChannelSettings = z.infer<typeof WebhookChannelSettings>;

/** Standard Webhooks marks secrets in base64 with this prefix; any other secret is its own bytes. */
const BASE64_PREFIX = "whsec_";

/** A channel that posts to one URL. */
export function createWebhookChannel(
  name: string,
  settings: WebhookChannelSettings,
  clock: Clock,
): Channel {
  const { url, secret, timeout: timeoutMs } = settings;
  const secrets = secret === undefined ? [] : [secret, secret.replace(BASE64_PREFIX, "")];
  return {
    name,
    send: async (notice, signal) => {
      signal.throwIfAborted();
      const body = JSON.stringify(payloadOf(notice));
      const headers = headersOf(notice, body, { at: clock.now(), secret });
      return post({ url, headers, body, timeoutMs, secrets }, clock, signal);
    },
  };
}

function payloadOf(notice: Notice): Readonly<Record<string, unknown>> {
  const { id, at, reason, urgency, incident, title, text } = notice;
  return { type: `rollwatch.${reason}`, id, at, reason, urgency, incident, title, text };
}

function headersOf(
  notice: Notice,
  body: string,
  signing: { readonly at: number; readonly secret: string | undefined },
): Record<string, string> {
  const timestamp = String(Math.floor(signing.at / 1000));
  const headers = {
    "content-type": "application/json",
    "webhook-id": notice.id,
    "webhook-timestamp": timestamp,
  };
  if (signing.secret === undefined) {
    return headers;
  }
  const signature = createHmac("sha256", keyOf(signing.secret))
    .update(`${notice.id}.${timestamp}.${body}`)
    .digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(BASE64_PREFIX)
    ? Buffer.from(secret.slice(BASE64_PREFIX.length), "base64")
    : Buffer.from(secret, "utf8");
}
