import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { tellDuration } from "../model/units.ts";
import { withChild } from "./abort.ts";
import type { Clock } from "./clock.ts";
import { type ConnectionPart, hostOf, watchConnection } from "./connection.ts";
import { explainHttpError } from "./http-errors.ts";

/** What a request may want. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/** A request of a probe, with all its limits. */
export interface Ask {
  readonly url: string;
  /** Default GET. */
  readonly method?: (typeof METHODS)[number];
  /** Sent as it is, in UTF-8. Default: none is sent. */
  readonly body?: string;
  readonly timeoutMs: number;
  /** Decoded body bytes after which the answer is `oversize`. */
  readonly maxBodyBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** When each part of a request was over, ms from its start; absent for a part that was not reached or not needed. */
export interface Phases {
  /** The name had an address. */
  readonly resolveMs?: number;
  readonly connectMs?: number;
  /** The connection was secured. */
  readonly tlsMs?: number;
  readonly firstByteMs?: number;
  /** The whole request, however it ended. */
  readonly totalMs: number;
}

/** What came back. All kinds but `local` are the target's doing. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly phases: Phases;
    }
  | {
      readonly kind: "failed";
      readonly reason:
        | "refused"
        | "reset"
        | "timeout"
        | "oversize"
        | "bad-answer"
        | "tls"
        | "unreachable";
      readonly detail: string;
      readonly phases: Phases;
    }
  | {
      readonly kind: "local";
      readonly reason: "name-resolution" | "out-of-descriptors" | "no-route" | "out-of-resources";
      readonly detail: string;
    };

/** HTTP for probes: a fresh connection each time, redirects not followed, identity encoding only. */
export interface Http {
  ask(request: Ask, signal: AbortSignal): Promise<Answer>;
}

const MAX_HEADER_BYTES = 64 * 1024;

/** HTTP over Node's own client, which shows the phases. */
export function openHttp(clock: Clock): Http {
  return {
    ask: async (request, signal) => withChild(signal, async (own) => ask(clock, request, own)),
  };
}

/** One request under way, and which parts of it are over, in monotonic time. */
interface Course {
  readonly start: number;
  readonly isSecure: boolean;
  readonly ends: Map<ConnectionPart | "first-byte", number>;
}

async function ask(clock: Clock, request: Ask, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const url = new URL(request.url);
  const isSecure = url.protocol === "https:";
  const course: Course = { start: clock.monotonic(), isSecure, ends: new Map() };
  const deadline = clock.deadline(request.timeoutMs, signal);
  try {
    const response = await exchange(clock, url, { request, deadline, course });
    const answer = await read(response, request, () => phasesOf(clock, course));
    // Node takes a body of no stated length for whole when its connection is given up.
    deadline.throwIfAborted();
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      return late(url, tellDuration(request.timeoutMs), course, phasesOf(clock, course));
    }
    const why = explainHttpError(error, isSecure && !course.ends.has("tls"));
    return why.kind === "local" ? why : { ...why, phases: phasesOf(clock, course) };
  }
}

/** A name that nobody resolved in time is not the target's fault. */
function late(url: URL, after: string, { ends, isSecure }: Course, phases: Phases): Answer {
  const { host, isName } = hostOf(url);
  if (isName && !ends.has("resolve")) {
    // Of the address the host only: the rest may hold credentials.
    const detail = `the name ${host} was not resolved within ${after}`;
    return { kind: "local", reason: "name-resolution", detail };
  }
  const until = ends.has(isSecure ? "tls" : "connect") ? "no whole answer" : "no connection";
  return { kind: "failed", reason: "timeout", detail: `${until} within ${after}`, phases };
}

interface Exchange {
  readonly request: Ask;
  readonly deadline: AbortSignal;
  readonly course: Course;
}

/** Sends the request on a connection of its own; resolves with the head of the answer. */
async function exchange(clock: Clock, url: URL, parts: Exchange): Promise<IncomingMessage> {
  const { isSecure, ends } = parts.course;
  const send = isSecure ? httpsRequest : httpRequest;
  const { method = "GET", body } = parts.request;
  const outgoing = send(url, {
    method,
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    signal: parts.deadline,
    headers: {
      "user-agent": "rollwatch",
      ...parts.request.headers,
      // Node says it by itself only for methods that usually have a body.
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      "accept-encoding": "identity",
      connection: "close",
    },
  });
  watchConnection(outgoing, isSecure, (part) => ends.set(part, clock.monotonic()));
  return new Promise((resolve, reject) => {
    outgoing.once("response", (response) => {
      ends.set("first-byte", clock.monotonic());
      resolve(response);
    });
    outgoing.on("error", reject);
    // Node closes silently when a server switches protocols unasked.
    outgoing.once("close", () => {
      reject(new Error("the connection was closed without an answer"));
    });
    outgoing.end(body);
  });
}

async function read(
  response: IncomingMessage,
  request: Ask,
  phases: () => Phases,
): Promise<Answer> {
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    response.destroy();
    const detail = `the body is ${encoding.slice(0, 40)}, which was not asked for`;
    return { kind: "failed", reason: "bad-answer", detail, phases: phases() };
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    const chunk = Buffer.from(part);
    bytes += chunk.length;
    if (bytes > request.maxBodyBytes) {
      const detail = `the body is longer than ${request.maxBodyBytes} bytes`;
      return { kind: "failed", reason: "oversize", detail, phases: phases() };
    }
    parts.push(chunk);
  }
  return {
    kind: "answered",
    status: response.statusCode ?? 0,
    headers: headersOf(response),
    body: Buffer.concat(parts).toString("utf8"),
    phases: phases(),
  };
}

function headersOf(response: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

function phasesOf(clock: Clock, { start, ends }: Course): Phases {
  return {
    ...phase("resolveMs", start, ends.get("resolve")),
    ...phase("connectMs", start, ends.get("connect")),
    ...phase("tlsMs", start, ends.get("tls")),
    ...phase("firstByteMs", start, ends.get("first-byte")),
    totalMs: clock.monotonic() - start,
  };
}

function phase<K extends keyof Phases>(
  key: K,
  start: number,
  end: number | undefined,
): { readonly [P in K]?: number } {
  const nothing: { readonly [P in K]?: number } = {};
  return end === undefined ? nothing : { ...nothing, [key]: end - start };
}
