import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { tellDuration } from "../model/units.ts";
import type { Clock } from "./clock.ts";
import { explainHttpError } from "./http-errors.ts";

/** A GET of a probe, with all its limits. */
export interface Ask {
  readonly url: string;
  readonly timeoutMs: number;
  /** Decoded body bytes after which the answer is `oversize`. */
  readonly maxBodyBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Seconds spent in each part of a request, from the moment it was due. */
export interface Phases {
  readonly connectMs: number;
  readonly firstByteMs: number;
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
  return { ask: async (request, signal) => ask(clock, request, signal) };
}

/** The milestones of one exchange on the monotonic clock; absent while not reached. */
interface Marks {
  readonly start: number;
  resolved: boolean;
  connectedAt?: number;
  firstByteAt?: number;
}

async function ask(clock: Clock, request: Ask, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const url = new URL(request.url);
  const host = url.hostname.replaceAll(/[[\]]/gu, "");
  const marks: Marks = { start: clock.monotonic(), resolved: isIP(host) !== 0 };
  const deadline = clock.deadline(request.timeoutMs, signal);
  try {
    const response = await exchange(clock, url, { request, deadline, marks });
    const answer = await read(response, request, () => phasesOf(clock, marks));
    // Node takes a body of no stated length for whole when its connection is given up.
    deadline.throwIfAborted();
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      return late({ host, after: tellDuration(request.timeoutMs) }, marks, phasesOf(clock, marks));
    }
    const why = explainHttpError(
      error,
      url.protocol === "https:" && marks.connectedAt === undefined,
    );
    return why.kind === "local" ? why : { ...why, phases: phasesOf(clock, marks) };
  }
}

/** A name that nobody resolved in time is not the target's fault. */
function late(
  { host, after }: { readonly host: string; readonly after: string },
  marks: Marks,
  phases: Phases,
): Answer {
  if (!marks.resolved) {
    // Of the address the host only: the rest may hold credentials.
    const detail = `the name ${host} was not resolved within ${after}`;
    return { kind: "local", reason: "name-resolution", detail };
  }
  const until = marks.connectedAt === undefined ? "no connection" : "no whole answer";
  return { kind: "failed", reason: "timeout", detail: `${until} within ${after}`, phases };
}

interface Exchange {
  readonly request: Ask;
  readonly deadline: AbortSignal;
  readonly marks: Marks;
}

/** Sends the request on a connection of its own; resolves with the head of the answer. */
async function exchange(clock: Clock, url: URL, parts: Exchange): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  const send = secure ? httpsRequest : httpRequest;
  const outgoing = send(url, {
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    signal: parts.deadline,
    headers: {
      "user-agent": "rollwatch",
      ...parts.request.headers,
      "accept-encoding": "identity",
      connection: "close",
    },
  });
  watchConnection(clock, outgoing, parts.marks, secure);
  return new Promise((resolve, reject) => {
    outgoing.once("response", (response) => {
      parts.marks.firstByteAt = clock.monotonic();
      resolve(response);
    });
    outgoing.on("error", reject);
    // Node closes silently when a server switches protocols unasked.
    outgoing.once("close", () => {
      reject(new Error("the connection was closed without an answer"));
    });
    outgoing.end();
  });
}

function watchConnection(
  clock: Clock,
  outgoing: ClientRequest,
  marks: Marks,
  secure: boolean,
): void {
  outgoing.once("socket", (socket) => {
    socket.once("lookup", () => {
      marks.resolved = true;
    });
    socket.once(secure ? "secureConnect" : "connect", () => {
      marks.connectedAt = clock.monotonic();
    });
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

/** A milestone that was not reached took all the time there was. */
function phasesOf(clock: Clock, marks: Marks): Phases {
  const now = clock.monotonic();
  return {
    connectMs: (marks.connectedAt ?? now) - marks.start,
    firstByteMs: (marks.firstByteAt ?? now) - marks.start,
    totalMs: now - marks.start,
  };
}
