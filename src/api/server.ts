import { isUtf8 } from "node:buffer";
import { chmod } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { Failure, messageOf } from "../model/failure.ts";
import { admitOverSocket, admitOverTcp } from "./door.ts";
import { openLimiter } from "./limiter.ts";
import { openPeople } from "./people.ts";
import { BadBody, rawProblem, sendFailure, sendProblem } from "./problems.ts";
import { addRoutes } from "./routes.ts";
import type { Admit, ApiPorts } from "./routes.ts";
import { clearStaleSocket } from "./socket.ts";

/** Where rollwatch answers. */
export interface ApiPlaces {
  /** A loopback host (`[::1]` in brackets) and a port; 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly socketPath: string;
  /** Longest time that a client may take to send a request; default 10 s. */
  readonly requestTimeoutMs?: number;
}

/** A listening interface. */
export interface Api {
  /** The address of the TCP listener, such as `http://127.0.0.1:9876`. */
  readonly url: string;
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
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = places;
  const people = openPeople(ports.people.contacts);
  const tcp = { people, limiter: openLimiter(MOST_WRONG_TOKENS, () => ports.clock.monotonic()) };
  const socket = { people, limiter: openLimiter(MOST_WRONG_TOKENS, () => ports.clock.monotonic()) };
  const overTcp = buildServer(ports, {
    checkHost: true,
    requestTimeoutMs,
    admit: (request, access) => admitOverTcp(tcp, request, access),
  });
  const overSocket = buildServer(ports, {
    checkHost: false,
    requestTimeoutMs,
    admit: (request, access) => admitOverSocket(socket, request, access),
  });

  async function close(): Promise<void> {
    await Promise.all([overTcp.close(), overSocket.close()]);
  }

  try {
    await listenTcp(overTcp, places.listen);
    await overSocket.listen({ path: places.socketPath });
    await chmod(places.socketPath, 0o600);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://${places.listen.host}:${portOf(overTcp)}`, close };
}

async function listenTcp(server: FastifyInstance, listen: ApiPlaces["listen"]): Promise<void> {
  const host = listen.host.replaceAll(/[[\]]/gu, "");
  try {
    await server.listen({ host, port: listen.port });
  } catch (error) {
    throw new Failure(
      "internal",
      `cannot listen on ${listen.host}:${listen.port}: ${messageOf(error)}`,
      {
        hint: "another program has the port; change server.listen",
        cause: error,
      },
    );
  }
}

interface Listener {
  readonly checkHost: boolean;
  readonly requestTimeoutMs: number;
  readonly admit: Admit;
}

function buildServer(ports: ApiPorts, listener: Listener): FastifyInstance {
  const { checkHost, requestTimeoutMs, admit } = listener;
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
  server.setErrorHandler(sendFailure);
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, 404));
  const methods = new Map<string, readonly string[]>();
  server.addHook("onRoute", ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  addRoutes(server, ports, admit);
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
