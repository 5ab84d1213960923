import { z } from "zod";
import type { ComponentState } from "../../model/public-page.ts";
import type { Clock } from "../../system/clock.ts";
import {
  deliveryOf,
  forEachPart,
  openRequester,
  type Publication,
  type Publisher,
  PublisherKeys,
} from "./publisher.ts";

/** A page of Instatus. */
export const InstatusPublisherSettings = PublisherKeys.extend({
  kind: z.literal("instatus"),
  /** The page's id. */
  page: z.string().regex(/^[a-z0-9]+$/iu, "expected letters and digits"),
  /** A key of its developer's interface. */
  apiKey: z.string().min(8),
  /** Default https://api.instatus.com. */
  url: z.url({ protocol: /^https?$/u }).default("https://api.instatus.com"),
});
export type InstatusPublisherSettings = z.infer<typeof InstatusPublisherSettings>;

const STATES: Readonly<Record<ComponentState, string>> = {
  operational: "OPERATIONAL",
  degraded_performance: "DEGRADEDPERFORMANCE",
  partial_outage: "PARTIALOUTAGE",
  major_outage: "MAJOROUTAGE",
  under_maintenance: "UNDERMAINTENANCE",
};

const Update = z.object({ status: z.string(), message: z.string().nullable().default("") });
const Incident = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  updates: z.array(Update).default([]),
});
const Taken = z.object({ id: z.string() });

/** A page whose newest incidents are looked through for the reference in their names: Instatus cannot be asked for one. */
export function createInstatusPublisher(
  settings: InstatusPublisherSettings,
  clock: Clock,
): Publisher {
  const { url, apiKey, page, timeout: timeoutMs } = settings;
  const reach = { url, timeoutMs, authorization: `Bearer ${apiKey}`, secrets: [apiKey] };
  const requester = openRequester(reach, clock);
  const incidents = `/v1/${page}/incidents`;
  return {
    phaseOf: ({ phase }) => phase.toUpperCase(),
    setStates: async (publication, signal) =>
      forEachPart(publication, async ({ id, state }) => {
        const path = `/v1/${page}/components/${encodeURIComponent(id)}`;
        const body = { status: STATES[state] };
        return requester.ask({ method: "PUT", path, body, answer: Taken }, signal);
      }),
    list: async (_publication, signal) => {
      const path = `${incidents}?page=1&per_page=50`;
      const answer = z.array(Incident);
      const found = await requester.ask({ method: "GET", path, answer }, signal);
      return found.kind === "answered"
        ? {
            kind: "answered",
            value: found.value.map(({ id, name, status, updates }) => ({
              id,
              name,
              phase: status,
              updates: updates.map((one) => ({ phase: one.status, text: one.message ?? "" })),
            })),
          }
        : found;
    },
    create: async (publication, signal) => {
      const { name, incident } = publication;
      const started = new Date(incident.updates[0]?.at ?? publication.update.at).toISOString();
      const body = { name, started, shouldPublish: true, ...bodyOf(publication, settings) };
      const request = { method: "POST", path: incidents, body, answer: Taken } as const;
      return deliveryOf(await requester.ask(request, signal));
    },
    update: async (id, publication, signal) => {
      const path = `${incidents}/${encodeURIComponent(id)}/incident-updates`;
      const started = new Date(publication.update.at).toISOString();
      const body = { started, ...bodyOf(publication, settings) };
      const request = { method: "POST", path, body, answer: Taken } as const;
      return deliveryOf(await requester.ask(request, signal));
    },
  };
}

function bodyOf(
  { update, components }: Publication,
  { notify }: InstatusPublisherSettings,
): Readonly<Record<string, unknown>> {
  return {
    message: update.text,
    status: update.phase.toUpperCase(),
    components: components.map(({ id }) => id),
    statuses: components.map(({ id, state }) => ({ id, status: STATES[state] })),
    notify,
  };
}
