import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
} from "fastify";
import type { Actions } from "../model/actions.ts";
import type { LinkAnswers } from "../model/approval-link.ts";
import type { Incoming } from "../model/incoming.ts";
import type { Operations } from "../model/operations.ts";
import type { Access, PeopleSettings, Person } from "../model/people.ts";
import type { SlackAnswers } from "../model/slack-answer.ts";
import { actingRoutes } from "./acting.ts";
import { PATHS } from "./contract.ts";
import { addDecidePage } from "./decide-page.ts";
import type { Admission } from "./door.ts";
import { readForms } from "./forms.ts";
import { addHeartbeats } from "./heartbeats.ts";
import { describeApi } from "./openapi.ts";
import { sendProblem } from "./problems.ts";
import { readingRoutes } from "./reading.ts";
import type { Route } from "./route.ts";
import { addSlackButtons } from "./slack-buttons.ts";
import type { PublicPages } from "./status-page.ts";
import { webhookRoutes } from "./webhooks.ts";

/** Whether rollwatch watches: `ready`, or what it still waits for. */
export type Readiness =
  | { readonly kind: "ready" }
  | { readonly kind: "not-ready"; readonly reasons: readonly string[] };

/** What the HTTP interface shows and does. */
export interface ApiPorts {
  readonly version: string;
  readonly operations: Operations;
  readonly actions: Actions;
  readonly incoming: Incoming;
  /** What comes by links of notices; absent where none are given out. */
  readonly links?: LinkAnswers;
  /** What comes by buttons in Slack; absent where no message has any. */
  readonly slack?: SlackAnswers;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  /** What the public may read, where it is served. */
  readonly statusPage: PublicPages;
  /** Whose tokens are known. */
  readonly people: Pick<PeopleSettings, "contacts">;
  readonly clock: { monotonic(): number };
  readiness(): Readiness;
  /** Told what a request failed with that is not its own fault, and how it was answered. */
  onFailure(error: unknown, request: FailedRequest): void;
}

/** A request that was answered with 5xx. */
export interface FailedRequest {
  readonly method: string;
  /** The path's pattern, such as `/api/v1/plans/:id`; empty where none was met. */
  readonly route: string;
  readonly status: number;
}

/** Who may act through the door that a listener is. */
export type Admit = (request: FastifyRequest, access: Access) => Admission;

/** Ids that rollwatch or an operator could have given; others name nothing. */
const ID = /^[A-Za-z0-9][\w.:-]{0,127}$/u;

/** All routes; the same on the TCP listener and on the socket. */
export function addRoutes(server: FastifyInstance, ports: ApiPorts, admit: Admit): void {
  const { operations, actions } = ports;
  const routes = [
    ...readingRoutes(operations, actions),
    ...actingRoutes(operations, actions),
    ...webhookRoutes(ports.incoming),
  ];
  addPlainRoutes(server, ports);
  addHeartbeats(server, ports);
  readForms(server);
  addDecidePage(server, ports);
  addSlackButtons(server, ports);
  server.get(PATHS.openapi, { onRequest: guardOf(admit, "read") }, () =>
    describeApi(routes, ports.version),
  );
  for (const route of routes) {
    addRoute(server, route, admit);
  }
}

function addPlainRoutes(server: FastifyInstance, ports: ApiPorts): void {
  const { metrics } = ports;
  server.get(PATHS.health, () => ({ status: "alive" }));
  server.get(PATHS.ready, (_request, reply) => {
    const readiness = ports.readiness();
    return readiness.kind === "ready"
      ? { status: "ready" }
      : sendProblem(reply, 503, { detail: "not watching yet", reasons: [...readiness.reasons] });
  });
  addMetrics(server, metrics);
}

/** What Prometheus scrapes. */
export function addMetrics(server: FastifyInstance, metrics: ApiPorts["metrics"]): void {
  server.get(PATHS.metrics, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
}

/** Who asks is settled before the body is read; `admitted` is told who it is. */
function guardOf(
  admit: Admit,
  access: Access,
  admitted?: WeakMap<FastifyRequest, Person>,
): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const admission = admit(request, access);
    if (admission.kind === "refused") {
      void reply.headers(admission.headers);
      return sendProblem(reply, admission.status, admission.problem);
    }
    admitted?.set(request, admission.by);
    return undefined;
  };
}

function addRoute(server: FastifyInstance, route: Route, admit: Admit): void {
  const admitted = new WeakMap<FastifyRequest, Person>();
  server.route<{ Params: { id?: string; other?: string } }>({
    method: route.method,
    url: route.path,
    ...(route.maxBodyBytes === undefined ? {} : { bodyLimit: route.maxBodyBytes }),
    onRequest: guardOf(admit, route.access, admitted),
    handler: async (request, reply) => {
      const { id = "", other = "" } = request.params;
      if (!Object.values(request.params).every((one) => ID.test(one))) {
        return sendProblem(reply, 404, { detail: "there is nothing of this id" });
      }
      const by = admitted.get(request);
      const signal = untilClosed(reply);
      const answer = await route.run({ id, other, signal, body: request.body, by });
      return route.answer === null ? reply.code(204).send() : answer;
    },
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
