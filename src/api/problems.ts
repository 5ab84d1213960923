import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import { Failure, type FailureCode } from "../model/failure.ts";
import type { ProblemDetails } from "./contract.ts";

/** The statuses of our own failures; all others are rollwatch's or its surroundings' trouble (503). */
const STATUSES: Partial<Readonly<Record<FailureCode, number>>> = {
  "not-permitted": 403,
  "plan-unknown": 404,
  "incident-unknown": 404,
  "release-unknown": 404,
  "service-unknown": 404,
  "signal-unknown": 404,
  refused: 409,
  "lock-held": 409,
  "catalogue-empty": 409,
  "release-damaged": 409,
  internal: 500,
};

/** A body that is JSON but not what the route reads; every reason. */
export class BadBody extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super("the body is not what this route reads");
    this.name = "BadBody";
    this.reasons = reasons;
  }
}

/** Answers with problem details. */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  more: Omit<ProblemDetails, "type" | "title" | "status"> = {},
): FastifyReply {
  const problem: ProblemDetails = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    ...more,
  };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(problem));
}

/** Answers for whatever was thrown. Only our own failures are told in words: other messages may hold anything. */
export function sendFailure(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof Failure) {
    const { code, hint, message } = error;
    return sendProblem(reply, STATUSES[code] ?? 503, { code, hint, detail: message });
  }
  if (error instanceof BadBody) {
    const hint = "see /api/v1/openapi.json for what it reads";
    return sendProblem(reply, 400, { detail: error.message, hint, reasons: [...error.reasons] });
  }
  const status = clientStatus(error);
  if (status === undefined) {
    return sendProblem(reply, 500, { code: "internal" });
  }
  return sendProblem(reply, status, adviceFor(status));
}

function adviceFor(status: number): Pick<ProblemDetails, "detail" | "hint"> {
  switch (status) {
    case 400:
      return { detail: "the body is no JSON", hint: "send one JSON object" };
    case 413:
      return { detail: "the body is too large", hint: "send at most 64 KiB, to a webhook 1 MiB" };
    case 415:
      return { detail: "only JSON is read here", hint: "send content-type: application/json" };
    default:
      return {};
  }
}

function clientStatus(error: unknown): number | undefined {
  const named = typeof error === "object" && error !== null && "statusCode" in error;
  const status = named ? error.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : undefined;
}

/** What Node's own parser refuses is answered before fastify sees it. */
export function rawProblem(code: string | undefined): string {
  const status =
    code === "HPE_HEADER_OVERFLOW" ? 431 : code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const title = STATUS_CODES[status] ?? "Bad Request";
  const body = JSON.stringify({ type: "about:blank", title, status });
  return [
    `HTTP/1.1 ${status} ${title}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
