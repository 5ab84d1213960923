import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Failure } from "../model/failure.ts";
import type { ProblemDetails } from "./contract.ts";

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
export function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof Failure) {
    const { code, hint, message } = error;
    return sendProblem(reply, 503, { code, hint, detail: message });
  }
  const status = clientStatus(error);
  if (status === undefined) {
    request.log.error({ error }, "request failed");
    return sendProblem(reply, 500, { code: "internal" });
  }
  return sendProblem(reply, status);
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
