const http = require("node:http");
const { HttpError } = require("./http-error");

/** For requests that match no route: their paths are the caller's choice and must not become labels. */
const UNMATCHED = "unmatched";
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
  async function serve(request, response) {
    const startedAt = performance.now();
    let route = UNMATCHED;
    response.once("close", () => {
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED;
      const labels = { method: request.method, route, status_code: String(status) };
      requestDuration.observe(labels, (performance.now() - startedAt) / 1000);
    });
    try {
      const url = parseTarget(request.url);
      const candidates = routes.filter((each) => each.path === url.pathname);
      if (candidates.length > 0) {
        route = url.pathname;
      }
      const { handle } = choose(candidates, request.method);
      send(response, await handle({ request, url }));
    } catch (error) {
      sendError(response, error, log);
    }
  }

  return http.createServer(
    { requestTimeout: 10_000, headersTimeout: 5000 },
    (request, response) => {
      void serve(request, response);
    },
  );
}

function parseTarget(target) {
  try {
    return new URL(target, "http://localhost");
  } catch {
    throw new HttpError(400, "not a valid request target");
  }
}

function choose(candidates, method) {
  if (candidates.length === 0) {
    throw new HttpError(404, "no such resource");
  }
  // HEAD is GET without the body, which node:http leaves out by itself.
  const wanted = method === "HEAD" ? "GET" : method;
  const route = candidates.find((each) => each.method === wanted);
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
