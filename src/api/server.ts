import { chmod } from "node:fs/promises";
import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { Failure, messageOf } from "../model/failure.ts";
import { rawProblem, sendFailure, sendProblem } from "./problems.ts";
import { addRoutes } from "./routes.ts";
import type { ApiPorts } from "./routes.ts";
import { clearStaleSocket } from "./socket.ts";

/** Where rollwatch answers. */
export interface ApiPlaces {
  /** A loopback host (`[::1]` in brackets) and a port; 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly socketPath: string;
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
const LOOPBACK_HOST = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?$/iu;

/** Opens the HTTP interface on loopback and on the socket (0600), or on neither. */
export async function openApi(ports: ApiPorts, places: ApiPlaces): Promise<Api> {
  await clearStaleSocket(places.socketPath);
  const overTcp = buildServer(ports, { checkHost: true });
  const overSocket = buildServer(ports, { checkHost: false });

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

function buildServer(ports: ApiPorts, options: { readonly checkHost: boolean }): FastifyInstance {
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
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
    // A page of another site whose name was rebound to 127.0.0.1 sends its own name here.
    if (options.checkHost && !LOOPBACK_HOST.test(request.headers.host ?? "")) {
      return sendProblem(reply, 421, { detail: "ask for 127.0.0.1 or localhost by name" });
    }
    return undefined;
  });
  server.setErrorHandler(sendFailure);
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, 404));
  const paths = new Set<string>();
  server.addHook("onRoute", (route) => {
    paths.add(route.url);
  });
  addRoutes(server, ports);
  refuseWriting(server, [...paths]);
  return server;
}

/** Everything here can only be read; other methods are told so before their body is looked at. */
function refuseWriting(server: FastifyInstance, paths: readonly string[]): void {
  for (const url of paths) {
    server.route({
      method: ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
      url,
      onRequest: async (_request, reply) => {
        void reply.header("allow", "GET, HEAD");
        return sendProblem(reply, 405, { detail: "this can only be read" });
      },
      handler: (_request, reply) => sendProblem(reply, 405),
    });
  }
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
