import { z } from "zod";
import type { Delivery, NoticeReason, Outgoing } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import { alertActionOf, alertKeyOf } from "../alert.ts";
import {
  type AlertmanagerAddress,
  askAlertmanager,
  expireSilence,
  INCIDENT_LABEL,
  Label,
  silence,
  SilenceSettings,
} from "../alertmanager-api.ts";
import type { Channel } from "../channel.ts";
import { fit } from "../fit.ts";

/** Posts alerts to Alertmanager's API v2, and silences there what others would page about while rollwatch rolls back. */
export const AlertmanagerChannelSettings = z.strictObject({
  kind: z.literal("alertmanager"),
  /** Alertmanager's address, such as `http://127.0.0.1:9093`, with its route prefix. */
  url: z.url({ protocol: /^https?$/u }),
  /** Sent as a bearer token. Default none. */
  token: z.string().min(16).optional(),
  /** Labels that every alert has besides its own, by which Alertmanager routes. Default none. */
  labels: z.record(Label, z.string().min(1)).default({}),
  /** An alert that nothing ends is over so long after the newest notice of its incident. Default 1h. */
  endsAfter: PositiveDuration.prefault("1h"),
  /** What is silenced while something is rolled back or restarted. Default nothing. */
  silence: SilenceSettings.optional(),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type AlertmanagerChannelSettings = z.infer<typeof AlertmanagerChannelSettings>;

/** These ask for a person, again where an alert stands already: Alertmanager tells of a new alert at once, of changed words never. */
const NEEDS_PERSON: ReadonlySet<NoticeReason> = new Set([
  "needs-human",
  "rollback-unverified",
  "restart-unhelpful",
  "recommended",
  "countdown",
  "approval-expired",
  "approval-unanswered",
  "held",
]);

/** With these something begins to be done about it, with those that is over. */
const BEGINS: ReadonlySet<NoticeReason> = new Set(["rollback-started", "restart-started"]);
const ENDS: ReadonlySet<NoticeReason> = new Set([
  "rollback-verified",
  "rollback-unverified",
  "rollback-cancelled",
  "serviced",
  "restart-unhelpful",
  "restart-cancelled",
  "needs-human",
  "recovered",
  "stopped-by-person",
]);

/** How long what only informs stands, in milliseconds. */
const INFORMS_MS = 5 * 60_000;

/** Characters; Alertmanager has no limits, what it tells of alerts has. */
const MAX_KEY = 255;
const MAX_SUMMARY = 1024;
const MAX_DESCRIPTION = 15_000;

/** The names of our alerts; every one begins with `Rollwatch`. */
type AlertName = "RollwatchIncident" | "RollwatchNeedsPerson" | "RollwatchNotice";

interface Alert {
  readonly name: AlertName;
  /** How long it stands after the notice, in milliseconds; 0 ends it. */
  readonly forMs: number;
}

/** A channel where an incident is one alert until it ends, with a second one for as long as a person is asked for. */
export function createAlertmanagerChannel(
  name: string,
  settings: AlertmanagerChannelSettings,
  clock: Clock,
): Channel {
  const { url, token, timeout: timeoutMs } = settings;
  const at: AlertmanagerAddress = {
    url,
    timeoutMs,
    clock,
    ...(token === undefined ? {} : { token }),
  };
  return {
    name,
    send: async (notice, signal) => {
      const alerts = alertsOf(notice, settings).map((alert) => alertOf(alert, notice, settings));
      const told = await askAlertmanager(at, { path: "alerts", body: alerts }, signal);
      if (told.kind !== "delivered") {
        return told;
      }
      const kept = await keepSilence(at, notice, settings, signal);
      return kept.kind === "delivered" ? delivered(notice) : kept;
    },
  };
}

/** From now on the incident has an alert. */
function delivered(notice: Outgoing): Delivery {
  const isOpened = notice.incident !== null && alertActionOf(notice) === "trigger";
  return { kind: "delivered", ...(isOpened ? { receipt: alertKeyOf(notice, MAX_KEY) } : {}) };
}

/** Each notice of an incident that has an alert renews it; without one, what wakes nobody is an alert of its own. */
function alertsOf(notice: Outgoing, { endsAfter }: AlertmanagerChannelSettings): readonly Alert[] {
  const { reason, thread, incident } = notice;
  const action = alertActionOf(notice);
  const standing = { name: "RollwatchIncident", forMs: endsAfter } as const;
  if (action !== "trigger" && thread === undefined) {
    return [{ name: "RollwatchNotice", forMs: INFORMS_MS }];
  }
  if (action === "inform") {
    return [standing];
  }
  if (incident !== null && NEEDS_PERSON.has(reason)) {
    return [standing, { name: "RollwatchNeedsPerson", forMs: endsAfter }];
  }
  const isOver = action === "resolve";
  const own = isOver ? { ...standing, forMs: 0 } : standing;
  return thread === undefined ? [own] : [own, { name: "RollwatchNeedsPerson", forMs: 0 }];
}

/** Its labels are what Alertmanager knows it by: nothing in them may change while it stands. */
function alertOf(
  { name, forMs }: Alert,
  notice: Outgoing,
  { labels }: AlertmanagerChannelSettings,
): Readonly<Record<string, unknown>> {
  const { id, at, title, text, reason, urgency, incident } = notice;
  const isInforming = name === "RollwatchNotice";
  const key = alertKeyOf(isInforming ? { ...notice, incident: null } : notice, MAX_KEY);
  return {
    labels: {
      ...labels,
      alertname: name,
      severity: isInforming ? "info" : "critical",
      [INCIDENT_LABEL]: key,
    },
    annotations: {
      summary: fit(title, { max: MAX_SUMMARY }),
      description: fit(text, { max: MAX_DESCRIPTION }),
      notice: id,
      reason,
      urgency,
      ...(incident === null ? {} : { incident }),
    },
    startsAt: new Date(at).toISOString(),
    endsAt: new Date(at + forMs).toISOString(),
  };
}

async function keepSilence(
  at: AlertmanagerAddress,
  notice: Outgoing,
  settings: AlertmanagerChannelSettings,
  signal: AbortSignal,
): Promise<Delivery> {
  const { reason, incident } = notice;
  if (settings.silence === undefined || incident === null) {
    return { kind: "delivered" };
  }
  const key = alertKeyOf(notice, MAX_KEY);
  if (BEGINS.has(reason)) {
    return silence(at, { key, since: notice.at, ...settings.silence }, signal);
  }
  return ENDS.has(reason) ? expireSilence(at, key, signal) : { kind: "delivered" };
}
