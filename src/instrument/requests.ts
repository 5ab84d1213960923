import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import type { PageMetric } from "./page.ts";
import { quietly } from "./quietly.ts";

/** Upper ends of the histogram's buckets, in seconds; the limits that people set are among them. */
const EDGES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);
/** What nginx, too, calls a request whose client left before the answer was there. */
const CLIENT_LEFT = 499;
/** rollwatch's own requests say nothing of everybody's. */
const OWN_AGENT = "rollwatch";

interface Kind {
  readonly method: string;
  readonly status: string;
  /** Requests by bucket, each counted once. */
  readonly buckets: number[];
  count: number;
  seconds: number;
}

/** Every request that this process answered, by method and status. Routes are left out: there is no end to them. */
export interface RequestCounts {
  metrics(): readonly PageMetric[];
}

/** Counts the requests of all of this process's HTTP servers from now on, by Node's own diagnostics channel. */
export function countRequests(): RequestCounts {
  const kinds = new Map<string, Kind>();

  function count(method: string, status: string, seconds: number): void {
    const key = `${method} ${status}`;
    const kind = kinds.get(key) ?? {
      method,
      status,
      buckets: EDGES.map(() => 0),
      count: 0,
      seconds: 0,
    };
    kinds.set(key, kind);
    const place = EDGES.findIndex((edge) => seconds <= edge);
    if (place !== -1) {
      kind.buckets[place] = (kind.buckets[place] ?? 0) + 1;
    }
    kind.count += 1;
    kind.seconds += seconds;
  }

  subscribe("http.server.request.start", (message) => {
    // What a listener here throws would end the application.
    quietly(() => {
      const { request, response } = exchangeOf(message) ?? {};
      if (request === undefined || response === undefined || isOwn(request)) {
        return;
      }
      const begun = performance.now();
      response.once("close", () => {
        quietly(() => {
          const status = response.writableFinished ? response.statusCode : CLIENT_LEFT;
          count(methodOf(request), String(status), (performance.now() - begun) / 1000);
        });
      });
    });
  });

  return { metrics: () => [totals([...kinds.values()]), durations([...kinds.values()])] };
}

function exchangeOf(
  message: unknown,
): { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined {
  if (typeof message !== "object" || message === null) {
    return undefined;
  }
  const request: unknown = Reflect.get(message, "request");
  const response: unknown = Reflect.get(message, "response");
  return request instanceof IncomingMessage && response instanceof ServerResponse
    ? { request, response }
    : undefined;
}

/** Over the headers as they came: Node would make an object of them first, which an application may never ask for. */
function isOwn({ rawHeaders }: IncomingMessage): boolean {
  for (let place = 0; place < rawHeaders.length; place += 2) {
    if (rawHeaders[place]?.toLowerCase() === "user-agent") {
      return rawHeaders[place + 1]?.startsWith(OWN_AGENT) === true;
    }
  }
  return false;
}

function methodOf({ method = "" }: IncomingMessage): string {
  return METHODS.has(method) ? method : "OTHER";
}

function totals(kinds: readonly Kind[]): PageMetric {
  return {
    name: "http_requests_total",
    type: "counter",
    series: kinds.map(({ method, status, count }) => ({
      labels: { method, status },
      value: count,
    })),
  };
}

function durations(kinds: readonly Kind[]): PageMetric {
  return {
    name: "http_request_duration_seconds",
    type: "histogram",
    series: kinds.flatMap(({ method, status, buckets, count, seconds }) => {
      const labels = { method, status };
      let below = 0;
      const edges = EDGES.map((edge, place) => {
        below += buckets[place] ?? 0;
        return { suffix: "_bucket", labels: { ...labels, le: String(edge) }, value: below };
      });
      return [
        ...edges,
        { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: count },
        { suffix: "_count", labels, value: count },
        { suffix: "_sum", labels, value: seconds },
      ];
    }),
  };
}
