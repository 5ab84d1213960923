import { z } from "zod";
import type { Delivery, Outgoing } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import { type AlertAction, alertActionOf, alertKeyOf } from "../alert.ts";
import type { Channel } from "../channel.ts";
import { fit } from "../fit.ts";
import { post } from "../post.ts";

/** Pages by Opsgenie's Alert API v2, or by the same interface of Jira Service Management. What only informs is a note there. */
export const OpsgenieChannelSettings = z.strictObject({
  kind: z.literal("opsgenie"),
  /** The key of an API integration that may create and change alerts. */
  apiKey: z.string().min(16),
  /**
   * Opsgenie's origin, `https://api.eu.opsgenie.com` in Europe; in Jira Service Management `https://api.atlassian.com/jsm/ops/integration`.
   * Default https://api.opsgenie.com.
   */
  url: z.url({ protocol: /^https?$/u }).default("https://api.opsgenie.com"),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type OpsgenieChannelSettings = z.infer<typeof OpsgenieChannelSettings>;

/** Characters that the Alert API takes. */
const MAX_MESSAGE = 130;
const MAX_ALIAS = 512;
const MAX_DESCRIPTION = 15_000;
const MAX_NOTE = 25_000;

/** Who did it, in every request. */
const SOURCE = "rollwatch";

/** One request, below `/v2/alerts`. */
interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A channel where an incident is one alert: opened by the first page, ended by the recovery, with a note for each notice after the first. */
export function createOpsgenieChannel(
  name: string,
  { apiKey, url, timeout: timeoutMs }: OpsgenieChannelSettings,
  clock: Clock,
): Channel {
  const authorization = `GenieKey ${apiKey}`;
  const headers = { authorization, "content-type": "application/json" };
  const alerts = `${url.replace(/\/+$/u, "")}/v2/alerts`;
  return {
    name,
    send: async (notice, signal) => {
      for (const { path, body } of callsOf(notice)) {
        const to = { url: `${alerts}${path}`, body: JSON.stringify({ source: SOURCE, ...body }) };
        const how = { headers, timeoutMs, secrets: [apiKey], isTaken };
        const delivery = await post({ ...to, ...how }, clock, signal);
        if (delivery.kind !== "delivered") {
          return delivery;
        }
      }
      return delivered(notice);
    },
  };
}

/** Every change is taken with 202, and done later. */
function isTaken(status: number, answer: string): boolean {
  return status === 202 && /"requestId"\s*:/u.test(answer);
}

/** From now on the incident has an alert. */
function delivered(notice: Outgoing): Delivery {
  const isOpened = notice.incident !== null && alertActionOf(notice) === "trigger";
  return { kind: "delivered", ...(isOpened ? { receipt: aliasOf(notice) } : {}) };
}

/** What belongs to no open alert, and wakes nobody, is one of the lowest priority that is over at once. */
function callsOf(notice: Outgoing): readonly Call[] {
  const action = alertActionOf(notice);
  const alias = aliasOf(notice);
  const note = { note: fit(`${notice.title}\n\n${notice.text}`, { max: MAX_NOTE }) };
  if (action === "trigger") {
    const opening = { path: "", body: alertOf(notice, { alias, priority: "P1" }) };
    // An open alert counts another of its alias, and keeps its first words.
    return notice.thread === undefined ? [opening] : [opening, changing(alias, "notes", note)];
  }
  if (notice.thread === undefined) {
    const own = alertKeyOf({ ...notice, incident: null }, MAX_ALIAS);
    const informing = { path: "", body: alertOf(notice, { alias: own, priority: "P5" }) };
    return [informing, changing(own, "close", {})];
  }
  return [changing(alias, CHANGES[action], note)];
}

const CHANGES: Readonly<Record<Exclude<AlertAction, "trigger">, string>> = {
  acknowledge: "acknowledge",
  resolve: "close",
  inform: "notes",
};

function changing(alias: string, change: string, body: Call["body"]): Call {
  return { path: `/${encodeURIComponent(alias)}/${change}?identifierType=alias`, body };
}

function aliasOf(notice: Outgoing): string {
  return alertKeyOf(notice, MAX_ALIAS);
}

function alertOf(
  { id, title, text, reason, urgency, incident }: Outgoing,
  how: { readonly alias: string; readonly priority: "P1" | "P5" },
): Call["body"] {
  return {
    ...how,
    message: fit(title, { max: MAX_MESSAGE }),
    description: fit(text, { max: MAX_DESCRIPTION }),
    tags: ["rollwatch", reason],
    details: { notice: id, reason, urgency, ...(incident === null ? {} : { incident }) },
  };
}
