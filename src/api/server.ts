import { isUtf8 } from "node:buffer";
import { chmod } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { Failure, messageOf } from "../model/failure.ts";
import { admitOverSocket, admitOverTcp, refuseScraper } from "./door.ts";
import { openLimiter } from "./limiter.ts";
import { openPeople } from "./people.ts";
import { BadBody, rawProblem, sendFailure, sendProblem } from "./problems.ts";
import { addMetrics, addRoutes } from "./routes.ts";
import type { ApiPorts } from "./routes.ts";
import { clearStaleSocket } from "./socket.ts";
import { addStatusPage } from "./status-page.ts";

/** Where rollwatch answers. */
export interface ApiPlaces {
  /** A loopback host (`[::1]` in brackets) and a port; 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly socketPath: string;
  /** Where `/metrics` alone is served, to whoever shows the token where there is one. Default nowhere. */
  readonly metrics?:
    | {
        readonly listen: { readonly host: string; readonly port: number };
        readonly token?: string | undefined;
      }
    | undefined;
  /** Where the page for the public is served, to whoever asks. Default nowhere. */
  readonly statusPage?: { readonly host: string; readonly port: number } | undefined;
  /** Longest time that a client may take to send a request; default 10 s. */
  readonly requestTimeoutMs?: number;
}

/** A listening interface. */
export interface Api {
  /** The address of the TCP listener, such as `http://127.0.0.1:9876`. */
  readonly url: string;
  /** The address of the listener for the metrics alone; undefined where there is none. */
  readonly metricsUrl?: string;
  /** The address of the page for the public; undefined where it is not served. */
  readonly statusPageUrl?: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
/** Connections on one listener: descriptors that rollwatch needs for its probes are not for whoever holds a port open. */
const MOST_CONNECTIONS = 256;
/** How late a client may be found too slow, as a share of the time it has. */
const LATENESS = 0.1;
/** Wrong tokens a minute, on each of the doors. */
const MOST_WRONG_TOKENS = 10;
const LOOPBACK_HOST = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?$/iu;

/** Opens the HTTP interface on loopback and on the socket (0600), or on neither. */
export async function openApi(ports: ApiPorts, places: ApiPlaces): Promise<Api> {
  await clearStaleSocket(places.socketPath);
  const servers = buildServers(ports, places);

  async function close(): Promise<void> {
    await Promise.all(Object.values(servers).map(async (one) => one.close()));
  }

  try {
    await openDoors(servers, places);
  } catch (error) {
    await close();
    throw error;
  }
  const { overTcp, forScrapers, forPublic } = servers;
  return {
    url: urlOf(overTcp, places.listen),
    ...(places.metrics === undefined
      ? {}
      : { metricsUrl: urlOf(forScrapers, places.metrics.listen) }),
    ...(places.statusPage === undefined
      ? {}
      : { statusPageUrl: urlOf(forPublic, places.statusPage) }),
    close,
  };
}

/** One for each door, whether it is opened or not. */
interface Servers {
  readonly overTcp: FastifyInstance;
  readonly overSocket: FastifyInstance;
  readonly forScrapers: FastifyInstance;
  readonly forPublic: FastifyInstance;
}

function buildServers(ports: ApiPorts, places: ApiPlaces): Servers {
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = places;
  const people = openPeople(ports.people.contacts);
  const tcp = { people, limiter: openLimiter(MOST_WRONG_TOKENS, () => ports.clock.monotonic()) };
  const socket = { people, limiter: openLimiter(MOST_WRONG_TOKENS, () => ports.clock.monotonic()) };
  const overTcp = buildServer(ports, {
    checkHost: true,
    requestTimeoutMs,
    add: (server) =>
      addRoutes(server, ports, (request, access) => admitOverTcp(tcp, request, access)),
  });
  const overSocket = buildServer(ports, {
    checkHost: false,
    requestTimeoutMs,
    add: (server) =>
      addRoutes(server, ports, (request, access) => admitOverSocket(socket, request, access)),
  });
  const forScrapers = buildServer(ports, {
    checkHost: false,
    requestTimeoutMs,
    add: (server) => addScraping(server, ports, places.metrics?.token),
  });
  const forPublic = buildServer(ports, {
    checkHost: false,
    requestTimeoutMs,
    add: (server) => addStatusPage(server, ports.statusPage, ports.clock),
  });
  return { overTcp, overSocket, forScrapers, forPublic };
}

async function openDoors(
  { overTcp, overSocket, forScrapers, forPublic }: Servers,
  places: ApiPlaces,
): Promise<void> {
  await listenTcp(overTcp, "server.listen", places.listen);
  if (places.metrics !== undefined) {
    await listenTcp(forScrapers, "server.metrics.listen", places.metrics.listen);
  }
  if (places.statusPage !== undefined) {
    await listenTcp(forPublic, "statusPage.listen", places.statusPage);
  }
  await overSocket.listen({ path: places.socketPath });
  await chmod(places.socketPath, 0o600);
}

function urlOf(server: FastifyInstance, { host }: ApiPlaces["listen"]): string {
  return `http://${host}:${portOf(server)}`;
}

/** The metrics, and not a word about what else there is. */
function addScraping(server: FastifyInstance, ports: ApiPorts, token: string | undefined): void {
  const limiter = openLimiter(MOST_WRONG_TOKENS, () => ports.clock.monotonic());
  if (token !== undefined) {
    server.addHook("onRequest", async (request, reply) => {
      const refusal = refuseScraper({ token, limiter }, request.headers.authorization);
      if (refusal === undefined) {
        return undefined;
      }
      void reply.headers(refusal.headers);
      return sendProblem(reply, refusal.status, refusal.problem);
    });
  }
  addMetrics(server, ports.metrics);
}

async function listenTcp(
  server: FastifyInstance,
  key: string,
  listen: ApiPlaces["listen"],
): Promise<void> {
  const host = listen.host.replaceAll(/[[\]]/gu, "");
  try {
    await server.listen({ host, port: listen.port });
  } catch (error) {
    throw new Failure(
      "internal",
      `cannot listen on ${listen.host}:${listen.port}: ${messageOf(error)}`,
      {
        hint: `another program has the port, or the address is none of this machine's; change ${key}`,
        cause: error,
      },
    );
  }
}

interface Listener {
  readonly checkHost: boolean;
  readonly requestTimeoutMs: number;
  readonly add: (server: FastifyInstance) => void;
}

function buildServer(ports: ApiPorts, listener: Listener): FastifyInstance {
  const { checkHost, requestTimeoutMs, add } = listener;
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs * LATENESS),
    },
    clientErrorHandler(error, socket) {
      if (socket.writable) {
        socket.end(rawProblem(error.code));
      }
    },
  });
  server.addHook("onRequest", async (request, reply) => {
    void reply.headers({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
    if (checkHost && !isAskedHere(request.raw)) {
      return sendProblem(reply, 421, { detail: "ask for 127.0.0.1 or localhost by name" });
    }
    return undefined;
  });
  server.server.maxConnections = MOST_CONNECTIONS;
  giveUpOnDeaf(server, requestTimeoutMs);
  readOnlyJson(server);
  server.setErrorHandler((error, request, reply) => {
    const answer = sendFailure(error, reply);
    if (reply.statusCode >= 500) {
      const { method, routeOptions } = request;
      ports.onFailure(error, { method, route: routeOptions.url ?? "", status: reply.statusCode });
    }
    return answer;
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, 404));
  const methods = new Map<string, readonly string[]>();
  server.addHook("onRoute", ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  add(server);
  refuseOtherMethods(server, new Map(methods));
  return server;
}

/**
 * Whether a loopback address was asked for: a page of another site whose name was rebound to 127.0.0.1 sends its own name. One name
 * alone: of two, programs before this one may have read the other.
 */
function isAskedHere({ url = "", headersDistinct }: IncomingMessage): boolean {
  const hosts = headersDistinct["host"] ?? [];
  return url.startsWith("/") && hosts.length === 1 && LOOPBACK_HOST.test(hosts[0] ?? "");
}

/** Whoever takes nothing of an answer this long is let go with it. Node sets the connection's limit anew for the next request. */
function giveUpOnDeaf(server: FastifyInstance, timeoutMs: number): void {
  server.addHook("onSend", async (_request, reply, payload) => {
    reply.raw.setTimeout(timeoutMs);
    return payload;
  });
}

/** No text/plain, which any page may send; an empty body says as much as `{}`. */
function readOnlyJson(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    (request, body: Buffer, done) => {
      // Bytes that are no UTF-8 would be replaced without a word.
      if (!isUtf8(body)) {
        done(new BadBody(["expected UTF-8"]));
        return;
      }
      const text = body.toString("utf8");
      void parse(request, text === "" ? "{}" : text, done);
    },
  );
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Methods that a path does not have are told so before their body is looked at. */
function refuseOtherMethods(
  server: FastifyInstance,
  paths: ReadonlyMap<string, readonly string[]>,
): void {
  for (const [url, allowed] of paths) {
    server.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      exposeHeadRoute: false,
      onRequest: async (_request, reply) => {
        void reply.header("allow", allowed.join(", "));
        return sendProblem(reply, 405, { detail: `here one can ${allowed.join(" and ")}` });
      },
      handler: (_request, reply) => sendProblem(reply, 405),
    });
  }
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
