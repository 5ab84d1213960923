import { z } from "zod";
import type { ComponentState, PublicPhase } from "../../../src/model/public-page.ts";
import { PublisherSettings } from "../../../src/notify/publishers/index.ts";
import { type Clock, openClock } from "../../../src/system/clock.ts";
import {
  IMPORT_ID,
  type PageService,
  type ShownIncident,
  WEB_ID,
} from "../../contracts/publisher.ts";
import { type ServiceAnswer, type ServiceRequest, startHttpService } from "./http-service.ts";

const KEY = "geheim-0123456789";
const PAGE = "kctbh9vrtdwd";

/** A clock on which no sleep takes time: it moves on by itself. */
function hastyClock(): Clock {
  const clock = openClock();
  let slept = 0;
  return {
    ...clock,
    now: () => clock.now() + slept,
    monotonic: () => clock.monotonic() + slept,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      slept += Math.max(ms, 0);
    },
  };
}

interface Stored {
  readonly id: string;
  readonly name: string;
  readonly updates: readonly {
    readonly id: string;
    readonly phase: PublicPhase;
    readonly text: string;
  }[];
}

/** What a service remembers: its incidents, newest first, and its two parts. */
interface Memory {
  incidents: readonly Stored[];
  readonly states: Map<string, ComponentState>;
  changes: number;
}

function emptyMemory(): Memory {
  const states = new Map<string, ComponentState>([
    [WEB_ID, "operational"],
    [IMPORT_ID, "operational"],
  ]);
  return { incidents: [], states, changes: 0 };
}

function serviceOf(memory: Memory, settings: unknown, clock: Clock): PageService {
  return {
    incidents: () => memory.incidents.map(shown).toReversed(),
    states: () => ({
      web: memory.states.get(WEB_ID) ?? "operational",
      import: memory.states.get(IMPORT_ID) ?? "operational",
    }),
    changes: () => memory.changes,
    settings: PublisherSettings.parse(settings),
    clock,
  };
}

function shown({ name, updates }: Stored): ShownIncident {
  return {
    name,
    phase: phaseOf({ updates }),
    texts: updates.map(({ text }) => text),
  };
}

function phaseOf({ updates }: Pick<Stored, "updates">): PublicPhase {
  return updates.at(-1)?.phase ?? "investigating";
}

function create(memory: Memory, name: string, phase: PublicPhase, text: string): Stored {
  const id = `5${memory.incidents.length}`;
  const incident = { id, name, updates: [{ id: `${id}0`, phase, text }] };
  memory.incidents = [incident, ...memory.incidents];
  return incident;
}

function add(memory: Memory, id: string, phase: PublicPhase, text: string): Stored | undefined {
  const found = memory.incidents.find((one) => one.id === id);
  if (found === undefined) {
    return undefined;
  }
  const update = { id: `${id}${found.updates.length}`, phase, text };
  const changed = { ...found, updates: [...found.updates, update] };
  memory.incidents = memory.incidents.map((one) => (one.id === id ? changed : one));
  return changed;
}

function json(status: number, value: unknown): ServiceAnswer {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: JSON.stringify(value) };
}

function bodyOf<T>(schema: z.ZodType<T>, request: ServiceRequest): T | undefined {
  return schema.safeParse(JSON.parse(request.body)).data;
}

/** One route: `id` is what the address holds in its first group. */
interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (memory: Memory, asked: Asked) => ServiceAnswer;
}

interface Asked {
  readonly id: string;
  readonly query: URLSearchParams;
  readonly request: ServiceRequest;
}

function route(routes: readonly Route[], memory: Memory, request: ServiceRequest): ServiceAnswer {
  const { pathname, searchParams: query } = new URL(request.path, "http://x");
  const found = routes.find(({ method, path }) => method === request.method && path.test(pathname));
  const id = found?.path.exec(pathname)?.[1] ?? "";
  return found?.answer(memory, { id, query, request }) ?? json(404, { error: "not found" });
}

const COMPONENT = z.enum([WEB_ID, IMPORT_ID]);
const PHASE = z.enum(["investigating", "identified", "monitoring", "resolved"]);
const STATE = z.enum([
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "under_maintenance",
]);

const StatuspageUpdate = z.strictObject({
  name: z.string().min(1).max(255).optional(),
  status: PHASE,
  impact_override: z.enum(["none", "minor", "major", "critical"]),
  body: z.string().max(25_000),
  component_ids: z.array(COMPONENT),
  components: z.partialRecord(COMPONENT, STATE),
  deliver_notifications: z.boolean(),
});

/** Statuspage: one request a second for each key by this clock, else 420; an incident without a name or with unknown words 422. */
export async function startStatuspage(clock: Clock = hastyClock()): Promise<PageService> {
  const memory = emptyMemory();
  let askedAt = Number.NEGATIVE_INFINITY;
  const { url } = await startHttpService((request): ServiceAnswer => {
    const since = clock.monotonic() - askedAt;
    askedAt = clock.monotonic();
    if (since < 1000) {
      return json(420, { error: "Rate limit exceeded" });
    }
    return request.headers.authorization === `OAuth ${KEY}`
      ? route(STATUSPAGE, memory, request)
      : json(401, { error: "Could not authenticate" });
  });
  const components = { Web: WEB_ID, Import: IMPORT_ID };
  const settings = { kind: "statuspage", page: PAGE, apiKey: KEY, url, components };
  return serviceOf(memory, settings, clock);
}

const STATUSPAGE: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v1\/pages\/kctbh9vrtdwd\/incidents$/u,
    answer: ({ incidents }, { query }) => {
      const wanted = query.get("q") ?? "";
      return json(200, incidents.filter(({ name }) => name.includes(wanted)).map(asStatuspage));
    },
  },
  {
    method: "POST",
    path: /^\/v1\/pages\/kctbh9vrtdwd\/incidents$/u,
    answer: (memory, { request }) => {
      const sent = bodyOf(z.strictObject({ incident: StatuspageUpdate }), request)?.incident;
      if (sent?.name === undefined) {
        return json(422, { error: ["Name can't be blank"] });
      }
      const stored = create(memory, sent.name, sent.status, sent.body);
      return taken(memory, stored, sent.components, 201);
    },
  },
  {
    method: "PATCH",
    path: /^\/v1\/pages\/kctbh9vrtdwd\/incidents\/(\w+)$/u,
    answer: (memory, { id, request }) => {
      const sent = bodyOf(z.strictObject({ incident: StatuspageUpdate }), request)?.incident;
      return sent === undefined
        ? json(422, { error: ["unprocessable"] })
        : taken(memory, add(memory, id, sent.status, sent.body), sent.components, 200);
    },
  },
  {
    method: "PATCH",
    path: /^\/v1\/pages\/kctbh9vrtdwd\/components\/(\w+)$/u,
    answer: (memory, { id, request }) => {
      const sent = bodyOf(
        z.strictObject({ component: z.strictObject({ status: STATE }) }),
        request,
      );
      return setState(memory, id, sent?.component.status);
    },
  },
];

function setState(memory: Memory, id: string, state: ComponentState | undefined): ServiceAnswer {
  if (state === undefined || !memory.states.has(id)) {
    return json(422, { error: "unprocessable" });
  }
  memory.states.set(id, state);
  memory.changes += 1;
  return json(200, { id, data: { id } });
}

function taken(
  memory: Memory,
  stored: Stored | undefined,
  states: Readonly<Partial<Record<string, ComponentState>>>,
  status: number,
): ServiceAnswer {
  if (stored === undefined) {
    return json(404, { error: "not found" });
  }
  memory.changes += 1;
  for (const [id, state] of Object.entries(states)) {
    if (state !== undefined) {
      memory.states.set(id, state);
    }
  }
  return json(status, asStatuspage(stored));
}

function asStatuspage(stored: Stored): unknown {
  const updates = stored.updates.map(({ id, phase, text }) => ({ id, status: phase, body: text }));
  const { id, name } = stored;
  return { id, name, status: phaseOf(stored), incident_updates: updates.toReversed() };
}

const InstatusPhase = z.enum(["INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED"]);
const InstatusState = z.enum([
  "OPERATIONAL",
  "DEGRADEDPERFORMANCE",
  "PARTIALOUTAGE",
  "MAJOROUTAGE",
  "UNDERMAINTENANCE",
]);
const InstatusUpdate = z.strictObject({
  message: z.string(),
  status: InstatusPhase,
  started: z.iso.datetime(),
  components: z.array(COMPONENT),
  statuses: z.array(z.strictObject({ id: COMPONENT, status: InstatusState })),
  notify: z.boolean(),
});
const InstatusIncident = InstatusUpdate.extend({
  name: z.string().min(1),
  shouldPublish: z.literal(true),
});

/** Instatus: lists incidents newest first and cannot be asked for one by its name. */
export async function startInstatus(): Promise<PageService> {
  const memory = emptyMemory();
  const { url } = await startHttpService((request): ServiceAnswer =>
    request.headers.authorization === `Bearer ${KEY}`
      ? route(INSTATUS, memory, request)
      : json(401, { error: { message: "Unauthorized" } }),
  );
  const components = { Web: WEB_ID, Import: IMPORT_ID };
  const settings = { kind: "instatus", page: PAGE, apiKey: KEY, url, components };
  return serviceOf(memory, settings, hastyClock());
}

const INSTATUS: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v1\/kctbh9vrtdwd\/incidents$/u,
    answer: ({ incidents }) => json(200, incidents.map(asInstatus)),
  },
  {
    method: "POST",
    path: /^\/v1\/kctbh9vrtdwd\/incidents$/u,
    answer: (memory, { request }) => {
      const sent = bodyOf(InstatusIncident, request);
      return sent === undefined
        ? json(400, { error: "invalid" })
        : taken(
            memory,
            create(memory, sent.name, plainPhase(sent.status), sent.message),
            plainStates(sent.statuses),
            200,
          );
    },
  },
  {
    method: "POST",
    path: /^\/v1\/kctbh9vrtdwd\/incidents\/(\w+)\/incident-updates$/u,
    answer: (memory, { id, request }) => {
      const sent = bodyOf(InstatusUpdate, request);
      return sent === undefined
        ? json(400, { error: "invalid" })
        : taken(
            memory,
            add(memory, id, plainPhase(sent.status), sent.message),
            plainStates(sent.statuses),
            200,
          );
    },
  },
  {
    method: "PUT",
    path: /^\/v1\/kctbh9vrtdwd\/components\/(\w+)$/u,
    answer: (memory, { id, request }) => {
      const sent = bodyOf(z.strictObject({ status: InstatusState }), request);
      return setState(memory, id, sent && plainStates([{ id, status: sent.status }])[id]);
    },
  },
];

function plainPhase(phase: z.infer<typeof InstatusPhase>): PublicPhase {
  return PHASE.options[InstatusPhase.options.indexOf(phase)] ?? "investigating";
}

function plainStates(
  statuses: readonly { readonly id: string; readonly status: z.infer<typeof InstatusState> }[],
): Readonly<Record<string, ComponentState>> {
  return Object.fromEntries(
    statuses.map(({ id, status }) => [
      id,
      STATE.options[InstatusState.options.indexOf(status)] ?? "operational",
    ]),
  );
}

function asInstatus(stored: Stored): unknown {
  const updates = stored.updates.map(({ id, phase, text }) => ({
    id,
    status: phase.toUpperCase(),
    message: text,
  }));
  return { id: stored.id, name: stored.name, status: phaseOf(stored).toUpperCase(), updates };
}

const CachetState = z.literal([1, 2, 3, 4, 5, 6]);
const CachetPhase = z.literal([0, 1, 2, 3, 4]);
const CachetIncident = z.strictObject({
  name: z.string().min(1).max(255),
  message: z.string(),
  status: CachetPhase,
  visible: z.boolean(),
  notifications: z.boolean(),
  occurred_at: z.string(),
  components: z.array(z.strictObject({ id: COMPONENT, status: CachetState })),
});
const CACHET_STATES: readonly ComponentState[] = [
  "operational",
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "operational",
  "under_maintenance",
];
const CACHET_PHASES = ["investigating", ...PHASE.options] as const;

/** Cachet 3: JSON:API, validation fails with 422, an incident's first text stands in itself and not among its updates. */
export async function startCachet(): Promise<PageService> {
  const memory = emptyMemory();
  const { url } = await startHttpService((request): ServiceAnswer =>
    request.headers.authorization === `Bearer ${KEY}`
      ? route(CACHET, memory, request)
      : json(401, { message: "Unauthenticated." }),
  );
  const components = { Web: WEB_ID, Import: IMPORT_ID };
  return serviceOf(memory, { kind: "cachet", token: KEY, url, components }, hastyClock());
}

const CACHET: readonly Route[] = [
  {
    method: "GET",
    path: /^\/api\/incidents$/u,
    answer: ({ incidents }, { query }) => {
      const wanted = query.get("filter[name]") ?? "";
      const found = incidents.filter(({ name }) => name.includes(wanted));
      const included = found.flatMap(({ updates }) => updates.slice(1).map(asCachetUpdate));
      const isAsked = query.get("include") === "updates";
      return json(200, { data: found.map(asCachet), ...(isAsked ? { included } : {}) });
    },
  },
  {
    method: "POST",
    path: /^\/api\/incidents$/u,
    answer: (memory, { request }) => {
      const sent = bodyOf(CachetIncident, request);
      for (const one of sent?.components ?? []) {
        memory.states.set(one.id, CACHET_STATES[one.status] ?? "operational");
      }
      const stored = sent && create(memory, sent.name, cachetPhase(sent.status), sent.message);
      return cachetTaken(memory, stored);
    },
  },
  {
    method: "POST",
    path: /^\/api\/incidents\/(\d+)\/updates$/u,
    answer: (memory, { id, request }) => {
      const sent = bodyOf(z.strictObject({ status: CachetPhase, message: z.string() }), request);
      return cachetTaken(memory, sent && add(memory, id, cachetPhase(sent.status), sent.message));
    },
  },
  {
    method: "PUT",
    path: /^\/api\/components\/(\d+)$/u,
    answer: (memory, { id, request }) => {
      const sent = bodyOf(z.strictObject({ status: CachetState }), request);
      return setState(memory, id, sent && CACHET_STATES[sent.status]);
    },
  },
];

function cachetPhase(status: z.infer<typeof CachetPhase>): PublicPhase {
  return CACHET_PHASES[status] ?? "investigating";
}

function cachetTaken(memory: Memory, stored: Stored | undefined): ServiceAnswer {
  if (stored === undefined) {
    return json(422, { message: "The given data was invalid." });
  }
  memory.changes += 1;
  return json(201, { data: asCachet(stored) });
}

function asCachet(stored: Stored): unknown {
  const { id, name, updates } = stored;
  const value = CACHET_PHASES.indexOf(phaseOf(stored), 1);
  return {
    id,
    type: "incidents",
    attributes: {
      id: Number(id),
      name,
      message: updates[0]?.text ?? null,
      status: { human: "", value },
    },
    relationships: {
      updates: { data: updates.slice(1).map((one) => ({ id: one.id, type: "updates" })) },
    },
  };
}

function asCachetUpdate({ id, phase, text }: Stored["updates"][number]): unknown {
  const value = CACHET_PHASES.indexOf(phase, 1);
  return { id, type: "updates", attributes: { message: text, status: { human: "", value } } };
}
