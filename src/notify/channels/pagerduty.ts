import { z } from "zod";
import type { Notice } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import { alertActionOf, alertKeyOf } from "../alert.ts";
import type { Channel } from "../channel.ts";
import { bytesAsJson, fit } from "../fit.ts";
import { post, type Posting } from "../post.ts";

/** Pages by PagerDuty's Events API v2. What only informs is a change event there, which wakes nobody. */
export const PagerdutyChannelSettings = z.strictObject({
  kind: z.literal("pagerduty"),
  /** The integration's key, of 32 letters and digits. */
  routingKey: z
    .string()
    .regex(/^[0-9a-z]{32}$/iu, "expected an integration key of 32 letters and digits"),
  /** Origin of the service; `https://events.eu.pagerduty.com` in Europe. Default https://events.pagerduty.com. */
  url: z.url({ protocol: /^https?$/u }).default("https://events.pagerduty.com"),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type PagerdutyChannelSettings = z.infer<typeof PagerdutyChannelSettings>;

/** Characters of `payload.summary` and of `dedup_key`; PagerDuty's api-schema. */
const MAX_SUMMARY = 1024;
const MAX_KEY = 255;

/** Bytes of the text as JSON, more than anybody reads; a whole event may have 512 kB. */
const MAX_TEXT_BYTES = 30_000;

/** One request to PagerDuty. */
interface Event {
  readonly path: "/v2/enqueue" | "/v2/change/enqueue";
  readonly body: Readonly<Record<string, unknown>>;
}

/** A channel where an incident is one alert: opened by the first page, ended by the recovery. */
export function createPagerdutyChannel(
  name: string,
  { routingKey, url, timeout: timeoutMs }: PagerdutyChannelSettings,
  clock: Clock,
): Channel {
  const posting = {
    headers: { "content-type": "application/json" },
    timeoutMs,
    secrets: [routingKey],
    isTaken,
  } satisfies Partial<Posting>;
  return {
    name,
    send: async (notice, signal) => {
      for (const { path, body } of eventsOf(notice)) {
        const text = JSON.stringify({ routing_key: routingKey, ...body });
        const to = new URL(path, url).href;
        const delivery = await post({ ...posting, url: to, body: text }, clock, signal);
        if (delivery.kind !== "delivered") {
          return delivery;
        }
      }
      return { kind: "delivered" };
    },
  };
}

/** PagerDuty takes an event with 202 and says so in JSON. */
function isTaken(status: number, answer: string): boolean {
  return status === 202 && /"status"\s*:\s*"success"/u.test(answer);
}

/** The end of an alert has no text there: the change event beside it has. */
function eventsOf(notice: Notice): readonly Event[] {
  const action = alertActionOf(notice);
  if (action === "inform") {
    return [changeOf(notice)];
  }
  const alert = { event_action: action, dedup_key: alertKeyOf(notice, MAX_KEY) };
  return action === "trigger"
    ? [{ path: "/v2/enqueue", body: { ...alert, client: "rollwatch", payload: payloadOf(notice) } }]
    : [{ path: "/v2/enqueue", body: alert }, changeOf(notice)];
}

function payloadOf(notice: Notice): Readonly<Record<string, unknown>> {
  return { ...changePayloadOf(notice), severity: "critical", class: notice.reason };
}

function changeOf(notice: Notice): Event {
  return { path: "/v2/change/enqueue", body: { payload: changePayloadOf(notice) } };
}

function changePayloadOf({
  id,
  at,
  reason,
  urgency,
  incident,
  title,
  text,
}: Notice): Readonly<Record<string, unknown>> {
  const cut = fit(text, { max: MAX_TEXT_BYTES, size: bytesAsJson });
  return {
    summary: fit(title, { max: MAX_SUMMARY }),
    source: "rollwatch",
    timestamp: new Date(at).toISOString(),
    custom_details: { notice: id, reason, urgency, incident, text: cut },
  };
}
