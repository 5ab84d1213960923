import { createHmac } from "node:crypto";
import type { Readable } from "node:stream";
import type { AxiosResponse } from "axios";
import { z } from "zod";
import { messageOf } from "../../model/failure.ts";
import type { Delivery, DeliveryFailure, Notice } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";

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

/**
 * Bad request, gone, too large, unprocessable: the same notice will never be taken. Any other refusal may come from a receiver that is
 * being redeployed (404 of its proxy, 401 before it has its keys) and must not lose a page.
 */
const FINAL: ReadonlySet<number> = new Set([400, 410, 413, 422]);

/** Characters of a refusing answer that are kept as evidence. */
const MAX_EXCERPT = 200;

/** Of these the excerpt is made: what is concealed must not be cut in two by it. */
const MAX_READ = 4096;

/** Standard Webhooks marks secrets in base64 with this prefix; any other secret is its own bytes. */
const BASE64_PREFIX = "whsec_";

/** A channel that posts to one URL: no redirects, no proxy, and no more of the answer than an excerpt. */
export function createWebhookChannel(
  name: string,
  settings: WebhookChannelSettings,
  clock: Clock,
): Channel {
  const conceal = concealing(settings);
  return {
    name,
    send: async (notice, signal) => {
      signal.throwIfAborted();
      const deadline = clock.deadline(settings.timeout, signal);
      const body = JSON.stringify(payloadOf(notice));
      const headers = headersOf(notice, body, { at: clock.now(), secret: settings.secret });
      try {
        // Not before the first notice: with what it brings along it takes about ten MiB.
        const { default: axios } = await import("axios");
        const response = await axios.post<Readable>(settings.url, body, {
          headers,
          signal: deadline,
          responseType: "stream",
          maxRedirects: 0,
          proxy: false,
          validateStatus: () => true,
        });
        return await outcomeOf(response, clock.now(), conceal);
      } catch (error) {
        signal.throwIfAborted();
        return unanswered(conceal(messageOf(error)), error, deadline.aborted);
      }
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
    "user-agent": "rollwatch",
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

async function outcomeOf(
  response: AxiosResponse<Readable>,
  now: number,
  conceal: Conceal,
): Promise<Delivery> {
  const { status } = response;
  if (status >= 200 && status < 300) {
    response.data.destroy();
    return { kind: "delivered" };
  }
  const detail = `HTTP ${status} ${await excerpt(response.data, conceal)}`.trim();
  if (status === 429) {
    return { kind: "retry-later", reason: "rate-limited", detail, ...afterOf(response, now) };
  }
  if (status >= 500) {
    return { kind: "retry-later", reason: "server-error", detail, ...afterOf(response, now) };
  }
  if (status >= 400 && !FINAL.has(status)) {
    return { kind: "retry-later", reason: "rejected", detail, ...afterOf(response, now) };
  }
  return { kind: "refused", reason: "rejected", detail };
}

/** `Retry-After` in seconds or as a date; nothing when it is neither. */
function afterOf(response: AxiosResponse, now: number): { readonly afterMs?: number } {
  const text = String(response.headers["retry-after"] ?? "").trim();
  const afterMs = /^\d+$/u.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(afterMs) ? { afterMs: Math.max(afterMs, 0) } : {};
}

/** Takes out of a text what it gives away of the webhook. */
type Conceal = (text: string) => string;

/** A shorter part of an address says nothing. */
const SHORTEST_PART = 4;

/** Receivers echo what they were asked for, such as `Cannot POST /services/T0/abc`; whoever knows that can post there. */
function concealing({ url: address, secret = "" }: WebhookChannelSettings): Conceal {
  const url = new URL(address);
  const { pathname, search, searchParams, username, password } = url;
  const raw = [address, url.href, `${pathname}${search}`, pathname, search, search.slice(1)];
  const parts = [...pathname.split("/"), ...search.slice(1).split(/[&=]/u), username, password];
  const secrets = [...searchParams.values(), secret, secret.replace(BASE64_PREFIX, "")];
  const hidden = [...raw, ...parts, ...secrets]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length >= SHORTEST_PART)
    .toSorted((one, other) => other.length - one.length);
  return (text) => {
    let shown = text;
    for (const part of hidden) {
      shown = shown.replaceAll(part, "***");
    }
    return shown;
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function excerpt(answer: Readable, conceal: Conceal): Promise<string> {
  let text = "";
  try {
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.length >= MAX_READ) {
        break; // Leaving the loop destroys the stream: the rest is never read.
      }
    }
  } catch {
    // A cut answer changes nothing: its status is what counts.
  }
  return conceal(text.slice(0, MAX_READ)).slice(0, MAX_EXCERPT).replaceAll(/\s+/gu, " ");
}

function unanswered(detail: string, error: unknown, isTimeout: boolean): Delivery {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason: DeliveryFailure = isTimeout
    ? "timeout"
    : code === "ECONNREFUSED" || code === "ECONNRESET"
      ? "refused"
      : "unknown";
  return { kind: "retry-later", reason, detail };
}
