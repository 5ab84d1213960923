import { z } from "zod";
import type { Clock } from "../../system/clock.ts";
import { fit } from "../fit.ts";
import {
  deliveryOf,
  forEachPart,
  openRequester,
  type Publication,
  type Publisher,
  PublisherKeys,
} from "./publisher.ts";

/** A page of Atlassian Statuspage. */
export const StatuspagePublisherSettings = PublisherKeys.extend({
  kind: z.literal("statuspage"),
  /** The page's id, such as `kctbh9vrtdwd`. */
  page: z.string().regex(/^[a-z0-9]+$/iu, "expected letters and digits"),
  /** A key of its manage interface. */
  apiKey: z.string().min(8),
  /** Default https://api.statuspage.io. */
  url: z.url({ protocol: /^https?$/u }).default("https://api.statuspage.io"),
});
export type StatuspagePublisherSettings = z.infer<typeof StatuspagePublisherSettings>;

/** Statuspage allows one request a second for each key: https://developer.statuspage.io */
const PACE_MS = 1000;

const MAX_NAME = 255;
const MAX_BODY = 25_000;

const Update = z.object({ status: z.string(), body: z.string().nullable().default("") });
const Incident = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  incident_updates: z.array(Update),
});

const Taken = z.object({ id: z.string() });

/** A page whose incidents are found again by the reference in their names. */
export function createStatuspagePublisher(
  settings: StatuspagePublisherSettings,
  clock: Clock,
): Publisher {
  const { url, apiKey, page, timeout: timeoutMs } = settings;
  const reach = { url, timeoutMs, authorization: `OAuth ${apiKey}`, secrets: [apiKey] };
  const requester = openRequester({ ...reach, paceMs: PACE_MS }, clock);
  const incidents = `/v1/pages/${page}/incidents`;
  return {
    phaseOf: ({ phase }) => phase,
    setStates: async (publication, signal) =>
      forEachPart(publication, async ({ id, state }) => {
        const path = `/v1/pages/${page}/components/${encodeURIComponent(id)}`;
        const body = { component: { status: state } };
        return requester.ask({ method: "PATCH", path, body, answer: Taken }, signal);
      }),
    list: async ({ reference }, signal) => {
      const path = `${incidents}?q=${encodeURIComponent(reference)}&limit=20`;
      const answer = z.array(Incident);
      const found = await requester.ask({ method: "GET", path, answer }, signal);
      return found.kind === "answered"
        ? {
            kind: "answered",
            value: found.value.map(({ id, name, status, incident_updates: updates }) => ({
              id,
              name,
              phase: status,
              updates: updates.map((one) => ({ phase: one.status, text: one.body ?? "" })),
            })),
          }
        : found;
    },
    create: async (publication, signal) => {
      const { name } = publication;
      const body = {
        incident: { name: fit(name, { max: MAX_NAME }), ...bodyOf(publication, settings) },
      };
      const request = { method: "POST", path: incidents, body, answer: Taken } as const;
      return deliveryOf(await requester.ask(request, signal));
    },
    update: async (id, publication, signal) => {
      const path = `${incidents}/${encodeURIComponent(id)}`;
      const body = { incident: bodyOf(publication, settings) };
      const request = { method: "PATCH", path, body, answer: Taken } as const;
      return deliveryOf(await requester.ask(request, signal));
    },
  };
}

function bodyOf(
  { incident, update, components }: Publication,
  { notify }: StatuspagePublisherSettings,
): Readonly<Record<string, unknown>> {
  return {
    status: update.phase,
    impact_override: incident.impact,
    body: fit(update.text, { max: MAX_BODY }),
    component_ids: components.map(({ id }) => id),
    components: Object.fromEntries(components.map(({ id, state }) => [id, state])),
    deliver_notifications: notify,
  };
}
