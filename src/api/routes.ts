import type { FastifyInstance, FastifyReply } from "fastify";
import type { Operations } from "../model/operations.ts";
import { STATUS_PATH } from "./contract.ts";
import { sendProblem } from "./problems.ts";

/** Whether rollwatch watches: `ready`, or what it still waits for. */
export type Readiness =
  | { readonly kind: "ready" }
  | { readonly kind: "not-ready"; readonly reasons: readonly string[] };

/** What the HTTP interface shows. Every request only reads. */
export interface ApiPorts {
  readonly operations: Operations;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  readiness(): Readiness;
}

/** All routes; the same on the TCP listener and on the socket. */
export function addRoutes(server: FastifyInstance, ports: ApiPorts): void {
  const { operations, metrics } = ports;

  server.get("/healthz", () => ({ status: "alive" }));

  server.get("/readyz", (_request, reply) => {
    const readiness = ports.readiness();
    return readiness.kind === "ready"
      ? { status: "ready" }
      : sendProblem(reply, 503, { detail: "not watching yet", reasons: [...readiness.reasons] });
  });

  server.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );

  server.get(STATUS_PATH, async (_request, reply) => operations.status(untilClosed(reply)));

  server.get("/api/v1/releases", async (_request, reply) => ({
    releases: await operations.releases(untilClosed(reply)),
  }));

  server.get("/api/v1/incidents", async (_request, reply) => ({
    incidents: await operations.incidents(untilClosed(reply)),
  }));

  server.get<{ Params: { id: string } }>("/api/v1/incidents/:id", async (request, reply) => {
    const incident = await operations.incident(request.params.id, untilClosed(reply));
    return incident ?? sendProblem(reply, 404, { detail: "there is no incident of this id" });
  });
}

/** Aborts when the client has its answer or went away. */
function untilClosed(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    controller.abort();
  });
  return controller.signal;
}
