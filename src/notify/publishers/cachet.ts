import { z } from "zod";
import type { Delivery } from "../../model/notice.ts";
import type { ComponentState, PublicPhase } from "../../model/public-page.ts";
import type { Clock } from "../../system/clock.ts";
import { fit } from "../fit.ts";
import {
  deliveryOf,
  forEachPart,
  openRequester,
  type Publication,
  type Published,
  type Publisher,
  PublisherKeys,
} from "./publisher.ts";

/** A Cachet of version 3. */
export const CachetPublisherSettings = PublisherKeys.extend({
  kind: z.literal("cachet"),
  /** Where it answers, such as `https://status.example.com`. */
  url: z.url({ protocol: /^https?$/u }),
  /** A token of its interface that may manage incidents, their updates and components. */
  token: z.string().min(8),
});
export type CachetPublisherSettings = z.infer<typeof CachetPublisherSettings>;

/** Its numbers: src/Enums/IncidentStatusEnum.php and ComponentStatusEnum.php of cachethq/core. */
const PHASES: Readonly<Record<PublicPhase, number>> = {
  investigating: 1,
  identified: 2,
  monitoring: 3,
  resolved: 4,
};
const STATES: Readonly<Record<ComponentState, number>> = {
  operational: 1,
  degraded_performance: 2,
  partial_outage: 3,
  major_outage: 4,
  under_maintenance: 6,
};

const MAX_NAME = 255;

const Status = z.object({ value: z.union([z.number(), z.string()]) });
const Relation = z.object({ data: z.array(z.object({ id: z.string() })) });
const Incident = z.object({
  id: z.string(),
  attributes: z.object({ name: z.string(), message: z.string().nullable(), status: Status }),
  relationships: z.object({ updates: Relation.optional() }).optional(),
});
const Included = z.object({
  id: z.string(),
  type: z.string(),
  attributes: z.looseObject({
    message: z.string().nullable().optional(),
    status: Status.optional(),
  }),
});
const List = z.object({ data: z.array(Incident), included: z.array(Included).default([]) });
const Taken = z.object({ data: z.object({ id: z.string() }) });

/** A page whose incidents are found again by the reference in their names. */
export function createCachetPublisher(settings: CachetPublisherSettings, clock: Clock): Publisher {
  const { url, token, timeout: timeoutMs, notify: notifications } = settings;
  const reach = { url, timeoutMs, authorization: `Bearer ${token}`, secrets: [token] };
  const requester = openRequester(reach, clock);
  async function setStates(publication: Publication, signal: AbortSignal): Promise<Delivery> {
    return forEachPart(publication, async ({ id, state }) => {
      const path = `/api/components/${encodeURIComponent(id)}`;
      const body = { status: STATES[state] };
      return requester.ask({ method: "PUT", path, body, answer: Taken }, signal);
    });
  }

  return {
    phaseOf: ({ phase }) => String(PHASES[phase]),
    setStates,
    list: async ({ reference }, signal) => {
      const path = `/api/incidents?filter%5Bname%5D=${encodeURIComponent(reference)}&include=updates&per_page=20`;
      const found = await requester.ask({ method: "GET", path, answer: List }, signal);
      return found.kind === "answered"
        ? { kind: "answered", value: publishedOf(found.value) }
        : found;
    },
    create: async (publication, signal) => {
      const { name, update, incident, components } = publication;
      const body = {
        name: fit(name, { max: MAX_NAME }),
        message: update.text,
        status: PHASES[update.phase],
        visible: true,
        notifications,
        occurred_at: new Date(incident.updates[0]?.at ?? update.at).toISOString(),
        components: components.map(({ id, state }) => ({ id, status: STATES[state] })),
      };
      const request = { method: "POST", path: "/api/incidents", body, answer: Taken } as const;
      return deliveryOf(await requester.ask(request, signal));
    },
    update: async (id, publication, signal) => {
      // An update says nothing of parts. First what can be done again without a trace.
      const changed = await setStates(publication, signal);
      if (changed.kind !== "delivered") {
        return changed;
      }
      const { phase, text: message } = publication.update;
      const path = `/api/incidents/${encodeURIComponent(id)}/updates`;
      const body = { status: PHASES[phase], message };
      const request = { method: "POST", path, body, answer: Taken } as const;
      return deliveryOf(await requester.ask(request, signal));
    },
  };
}

/** What an incident began with stands in itself, what followed beside it. */
function publishedOf({ data, included }: z.infer<typeof List>): readonly Published[] {
  return data.map(({ id, attributes, relationships }) => {
    const own = new Set(relationships?.updates?.data.map((one) => one.id));
    const later = included.filter((one) => one.type.endsWith("pdates") && own.has(one.id));
    const phase = String(attributes.status.value);
    const updates = later.map((one) => ({
      phase: String(one.attributes.status?.value ?? ""),
      text: one.attributes.message ?? "",
    }));
    const first = { phase: updates.length === 0 ? phase : "", text: attributes.message ?? "" };
    return { id, name: attributes.name, phase, updates: [first, ...updates] };
  });
}
