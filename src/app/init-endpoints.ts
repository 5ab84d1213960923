import { MalformedMetrics, readExposition, type Exposition } from "../observe/exposition.ts";
import type { Answer } from "../system/http.ts";
import type { Origin } from "./init-addresses.ts";
import type { InitPorts } from "./init-ports.ts";

/** An address that answered, of which service, and what it said. */
export interface Endpoint {
  readonly url: string;
  readonly service: string;
  readonly detail: string;
}

/** Metrics of requests that a service publishes. */
export interface FoundMetrics extends Endpoint {
  /** A counter or histogram of requests with their status, and the label that holds it. */
  readonly errors?: { readonly metric: string; readonly statusLabel: string };
  /** A histogram of seconds. */
  readonly slow?: { readonly metric: string };
  /** Requests that wait for a connection of a pool. */
  readonly waiting?: { readonly metric: string };
  /** The label that holds a request's path. */
  readonly routeLabel?: string;
}

/** What the services answer on this host. */
export interface Endpoints {
  /** At most one of each service. */
  readonly health: readonly (Endpoint & { readonly body: string })[];
  /** The front page of the first service that has one. */
  readonly page?: Endpoint;
  readonly metrics?: FoundMetrics;
  readonly websocket?: Endpoint;
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

const HEALTH_PATHS = ["/health", "/api/health", "/healthz"];
const WEBSOCKET_PATHS = [
  "/",
  "/ws",
  "/websocket",
  "/socket",
  "/live",
  "/alerts",
  "/socket.io/?EIO=4&transport=websocket",
];
/** What a server says that speaks WebSocket alone. */
const UPGRADE_REQUIRED = 426;
const ASK_MS = 2000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const REQUESTS = [
  "http_requests_total",
  "http_request_duration_seconds",
  "http_server_requests_seconds",
];
const DURATIONS = [
  "http_request_duration_seconds",
  "http_server_requests_seconds",
  "http_server_request_duration_seconds",
];
const WAITING = [
  "db_pool_waiting_clients",
  "pg_pool_waiting_clients",
  "pg_pool_waiting_count",
  "db_pool_waiting",
];
const STATUS_LABELS = ["status", "code", "status_code"];
const ROUTE_LABELS = ["route", "path", "handler", "uri"];

type Answered = Extract<Answer, { readonly kind: "answered" }>;

/** What one address answered. */
interface Explored {
  readonly origin: Origin;
  readonly health?: Endpoints["health"][number];
  readonly page?: Endpoint;
  readonly metrics?: FoundMetrics;
  readonly websocket?: Endpoint;
  readonly notes: readonly string[];
}

/** Asks every address a few usual questions, each once. */
export async function explore(
  ports: Pick<InitPorts, "http" | "websocket">,
  origins: readonly Origin[],
  signal: AbortSignal,
): Promise<Endpoints> {
  const explored = await Promise.all(origins.map(async (one) => exploreOne(ports, one, signal)));
  const health = explored.flatMap((one) => one.health ?? []);
  const firsts = new Set<string>();
  const page = explored.find((one) => one.page !== undefined)?.page;
  const metrics = explored.find((one) => one.metrics !== undefined)?.metrics;
  const websocket = explored.find((one) => one.websocket !== undefined)?.websocket;
  return {
    health: health.filter(({ service }) => !firsts.has(service) && firsts.add(service)),
    ...(page === undefined ? {} : { page }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(websocket === undefined ? {} : { websocket }),
    notes: explored.flatMap((one) => one.notes),
  };
}

async function exploreOne(
  ports: Pick<InitPorts, "http" | "websocket">,
  origin: Origin,
  signal: AbortSignal,
): Promise<Explored> {
  const base = `http://${origin.host}`;
  const front = await get(ports, `${base}/`, signal);
  if (front.kind !== "answered") {
    const notes = [`${origin.service} does not answer HTTP at ${origin.host} (${front.detail})`];
    return { origin, notes };
  }
  const found = await findHealth(ports, origin, signal);
  const isPage = front.status === 200;
  const health = found.health ?? (isPage ? endpointOf(origin, "/", front) : undefined);
  const metrics = await findMetrics(ports, origin, signal);
  const websocket = await findWebsocket(ports, origin, signal);
  return {
    origin,
    notes: notesOf(origin, { ...found, status: front.status, isSpoken: websocket !== undefined }),
    ...(health === undefined ? {} : { health }),
    ...(isPage ? { page: endpointOf(origin, "/", front) } : {}),
    ...(metrics === undefined ? {} : { metrics }),
    ...(websocket === undefined ? {} : { websocket }),
  };
}

/** What its answers suggest and do not prove. */
function notesOf(
  { service, host }: Origin,
  seen: { readonly isThrottled: boolean; readonly isSpoken: boolean; readonly status: number },
): readonly string[] {
  const seemsToSpeak = seen.status === UPGRADE_REQUIRED || service.toLowerCase().includes("socket");
  const limits = `${service} answers 429 at ${host}: it limits who asks, so ask it less often`;
  const speaks = `${service} seems to speak WebSocket at ${host}, at a path that is not known: add a websocket signal`;
  return [
    ...(seen.isThrottled ? [limits] : []),
    ...(seemsToSpeak && !seen.isSpoken ? [speaks] : []),
  ];
}

async function findHealth(
  ports: Pick<InitPorts, "http">,
  origin: Origin,
  signal: AbortSignal,
): Promise<{ readonly health?: Endpoints["health"][number]; readonly isThrottled: boolean }> {
  let isThrottled = false;
  for (const path of HEALTH_PATHS) {
    const answer = await get(ports, `http://${origin.host}${path}`, signal);
    if (answer.kind === "answered" && answer.status === 200) {
      return { health: endpointOf(origin, path, answer), isThrottled };
    }
    isThrottled ||= answer.kind === "answered" && answer.status === 429;
  }
  return { isThrottled };
}

async function get(
  { http }: Pick<InitPorts, "http">,
  url: string,
  signal: AbortSignal,
): Promise<Answer> {
  return http.ask({ url, timeoutMs: ASK_MS, maxBodyBytes: MAX_BODY_BYTES }, signal);
}

function endpointOf(
  { service, host }: Origin,
  path: string,
  { status, phases, body }: Answered,
): Endpoint & { readonly body: string } {
  const detail = `${status} in ${Math.round(phases.totalMs)} ms`;
  return { url: `http://${host}${path}`, service, detail, body };
}

async function findMetrics(
  ports: Pick<InitPorts, "http">,
  { service, host }: Origin,
  signal: AbortSignal,
): Promise<FoundMetrics | undefined> {
  const url = `http://${host}/metrics`;
  const answer = await get(ports, url, signal);
  if (answer.kind !== "answered" || answer.status !== 200) {
    return undefined;
  }
  try {
    const families = familiesOf(readExposition(answer.body));
    const isUsable =
      families.errors !== undefined ||
      families.slow !== undefined ||
      families.waiting !== undefined;
    return isUsable ? { url, service, detail: "metrics of requests", ...families } : undefined;
  } catch (error) {
    if (error instanceof MalformedMetrics) {
      return undefined;
    }
    throw error;
  }
}

function familiesOf(
  exposition: Exposition,
): Pick<FoundMetrics, "errors" | "slow" | "waiting" | "routeLabel"> {
  const counted = REQUESTS.flatMap((metric) => {
    const statusLabel = labelOf(exposition, metric, STATUS_LABELS);
    return statusLabel === undefined ? [] : [{ metric, statusLabel }];
  });
  const slow = DURATIONS.find((name) => exposition.series(`${name}_bucket`).length > 0);
  const waiting = WAITING.find((name) => exposition.declares(name));
  const [errors] = counted;
  const metric = errors?.metric ?? slow;
  const routeLabel = metric === undefined ? undefined : labelOf(exposition, metric, ROUTE_LABELS);
  return {
    ...(errors === undefined ? {} : { errors }),
    ...(slow === undefined ? {} : { slow: { metric: slow } }),
    ...(waiting === undefined ? {} : { waiting: { metric: waiting } }),
    ...(routeLabel === undefined ? {} : { routeLabel }),
  };
}

/** The first of the labels that some series of the metric has; of a histogram its counts are looked at. */
function labelOf(
  exposition: Exposition,
  metric: string,
  labels: readonly string[],
): string | undefined {
  const series = [...exposition.series(metric), ...exposition.series(`${metric}_count`)];
  return labels.find((label) => series.some((one) => one.labels.has(label)));
}

async function findWebsocket(
  { websocket }: Pick<InitPorts, "websocket">,
  { service, host }: Origin,
  signal: AbortSignal,
): Promise<Endpoint | undefined> {
  for (const path of WEBSOCKET_PATHS) {
    const url = `ws://${host}${path}`;
    const conversation = await websocket.converse({ url, timeoutMs: ASK_MS }, signal);
    if (conversation.kind === "fine") {
      const detail = `connects and answers a ping in ${Math.round(conversation.totalMs)} ms`;
      return { url, service, detail };
    }
  }
  return undefined;
}
