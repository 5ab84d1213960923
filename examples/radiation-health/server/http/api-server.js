const http = require("node:http");
const { HttpError } = require("./http-error");

/** For requests that match no route: their paths are the caller's choice and must not become labels. */
const UNMATCHED = "unmatched";
const NO_BODY_METHODS = { HEAD: "GET" };
/** What the metrics say when the caller went away before the answer was complete. */
const CLIENT_CLOSED = 499;

/**
 * An HTTP server over a list of routes. A route's `handle` returns `{ status, body, contentType? }` or throws
 * an HttpError; anything else it throws is answered 500 and logged.
 *
 * @param {{
 *   routes: { method: string, path: string, handle: Function }[],
 *   requestDuration: { observe: (labels: object, seconds: number) => void },
 *   log: { error: Function },
 * }} options
 * @returns {http.Server}
 */
function createApiServer({ routes, requestDuration, log }) {
  const byPath = Map.groupBy ? Map.groupBy(routes, pathOf) : groupByPath(routes);

  async function serve(request, response) {
    const startedAt = performance.now();
    const url = new URL(request.url, "http://localhost");
    const candidates = byPath.get(url.pathname);
    response.once("close", () => {
      const labels = {
        method: http.METHODS.includes(request.method) ? request.method : "OTHER",
        route: candidates ? url.pathname : UNMATCHED,
        status_code: response.writableFinished ? response.statusCode : CLIENT_CLOSED,
      };
      requestDuration.observe(labels, (performance.now() - startedAt) / 1000);
    });
    try {
      const route = choose(candidates, request.method);
      send(response, await route.handle({ request, url }));
    } catch (error) {
      sendError(response, error, log);
    }
  }

  return http.createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    void serve(request, response);
  });
}

function choose(candidates, method) {
  if (!candidates) {
    throw new HttpError(404, "no such resource");
  }
  const route = candidates.find((each) => each.method === (NO_BODY_METHODS[method] ?? method));
  if (!route) {
    const allow = candidates.map((each) => each.method).join(", ");
    throw new HttpError(405, `use ${allow}`, { allow });
  }
  return route;
}

function send(response, { status, body, contentType, headers }) {
  const content = contentType ? body : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": contentType ?? "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(content),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(content);
}

function sendError(response, error, log) {
  if (error instanceof HttpError) {
    send(response, {
      status: error.status,
      body: { error: error.message },
      headers: error.headers,
    });
    return;
  }
  log.error("request failed", { error: error.message, code: error.code });
  send(response, { status: 500, body: { error: "internal error" } });
}

module.exports = { createApiServer };
