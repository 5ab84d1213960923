import { type RawData, WebSocket } from "ws";
import { tellDuration } from "../model/units.ts";
import type { Clock } from "./clock.ts";
import { type ConnectionPart, hostOf, type Milestone, watchConnection } from "./connection.ts";
import { explainHttpError } from "./http-errors.ts";
import type { Answer } from "./http.ts";

/** A conversation of a probe: connect, ping, and where given a text to send and one to wait for. */
export interface Dial {
  readonly url: string;
  /** Longest time for all of it. */
  readonly timeoutMs: number;
  /** Sent once the ping was answered. */
  readonly send?: string;
  /** A text that some message must contain. */
  readonly expectMessage?: string;
  /** Called once the ping was answered and what is to be sent is sent: from now on a message is heard. */
  readonly onReady?: () => void;
}

type HttpFailed = Extract<Answer, { kind: "failed" }>;

/** How far a conversation came: the parts that are over (`connect`, `handshake`, `ping`, `message`…), and the time in all. */
interface Course {
  readonly milestones: readonly Milestone[];
  readonly totalMs: number;
}

/** What came of it. All kinds but `local` are the target's doing; `declined` is a handshake answered by other than 101. */
export type Conversation =
  | ({ readonly kind: "fine" } & Course)
  | ({
      readonly kind: "declined";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    } & Course)
  | ({
      readonly kind: "failed";
      readonly reason: HttpFailed["reason"] | "closed";
      readonly detail: string;
    } & Course)
  | Extract<Answer, { kind: "local" }>;

/** WebSocket for probes: a fresh connection each time, redirects not followed, nothing compressed. */
export interface Websocket {
  converse(dial: Dial, signal: AbortSignal): Promise<Conversation>;
}

const MAX_MESSAGE_BYTES = 64 * 1024;
/** All that comes in a conversation together, so that a flood ends it. */
const MAX_RECEIVED_BYTES = 1024 * 1024;
/** So much each message, ping and pong counts at the least: a flood of empty ones is one, too. */
const FRAME_BYTES = 32;
const MAX_HEADER_BYTES = 64 * 1024;
/** What the ping carries, by which its pong is known. */
const PING = "rollwatch";
/** Longest time that the target gets for answering a farewell. */
const FAREWELL_MS = 200;

/** WebSocket over the package `ws`. */
export function openWebsocket(clock: Clock): Websocket {
  return { converse: async (dial, signal) => converse(clock, dial, signal) };
}

type Part = ConnectionPart | "handshake" | "ping" | "message";

/** A conversation under way, and which parts of it are over: ms from its start, in the order in which they ended. */
interface Line {
  readonly socket: WebSocket;
  readonly url: URL;
  readonly ends: ReadonlyMap<Part, number>;
  readonly reached: (part: Part) => void;
}

async function converse(clock: Clock, dial: Dial, signal: AbortSignal): Promise<Conversation> {
  signal.throwIfAborted();
  const start = clock.monotonic();
  const deadline = clock.deadline(dial.timeoutMs, signal);
  const line = openLine(dial, () => clock.monotonic() - start);
  try {
    const ending = await endOf(line, dial, deadline);
    signal.throwIfAborted();
    const milestones = [...line.ends].map(([name, atMs]) => ({ name, atMs }));
    const course = { milestones, totalMs: clock.monotonic() - start };
    if (ending.kind === "fine") {
      await sayFarewell(line.socket, clock.deadline(FAREWELL_MS, deadline));
    }
    return ending.kind === "local" ? ending : { ...ending, ...course };
  } finally {
    line.socket.terminate();
  }
}

function openLine(dial: Dial, elapsedMs: () => number): Line {
  const url = new URL(dial.url);
  const ends = new Map<Part, number>();
  function reached(part: Part): void {
    ends.set(part, elapsedMs());
  }
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: { "user-agent": "rollwatch" },
    finishRequest: (request) => {
      watchConnection(request, url.protocol === "wss:", reached);
      request.end();
    },
  });
  return { socket, url, ends, reached };
}

type WithoutCourse<T> = T extends Course ? Omit<T, keyof Course> : T;
type Ending = WithoutCourse<Conversation>;

/** Everything that can end a conversation; the first that comes does. */
async function endOf(line: Line, dial: Dial, deadline: AbortSignal): Promise<Ending> {
  const { socket } = line;
  return new Promise((resolve) => {
    socket.on("error", (error) => resolve(endingOfError(error, line)));
    socket.once("close", (code) => {
      const detail = `code ${code}, while waiting for ${awaited(line)}`;
      resolve({ kind: "failed", reason: "closed", detail });
    });
    socket.once("unexpected-response", (_request, { statusCode = 0, headers }) => {
      const texts = Object.entries(headers).map(([name, value]) => [name, String(value ?? "")]);
      resolve({ kind: "declined", status: statusCode, headers: Object.fromEntries(texts) });
    });
    deadline.addEventListener("abort", () => resolve(late(line, dial)), { once: true });
    if (deadline.aborted) {
      resolve(late(line, dial));
    }
    talk(line, dial, resolve);
  });
}

/** Counts what comes, and ends the conversation when it is too much. */
function meter(line: Line, end: (ending: Ending) => void): (bytes: number) => void {
  let received = 0;
  return (bytes) => {
    received += bytes + FRAME_BYTES;
    if (received > MAX_RECEIVED_BYTES) {
      const detail = `it sent more than ${MAX_RECEIVED_BYTES} bytes before ${awaited(line)}`;
      end({ kind: "failed", reason: "oversize", detail });
    }
  };
}

/** The conversation itself: a ping, then what is to be sent, and meanwhile the messages that come. */
function talk(line: Line, dial: Dial, end: (ending: Ending) => void): void {
  const { socket, reached, ends } = line;
  const { send, expectMessage, onReady } = dial;
  const receive = meter(line, end);
  let isSent = false;
  function endWhenAllIsDone(): void {
    if (isSent && (expectMessage === undefined || ends.has("message"))) {
      end({ kind: "fine" });
    }
  }
  function isAwaited(message: Buffer): boolean {
    return expectMessage !== undefined && !ends.has("message") && message.includes(expectMessage);
  }
  function sent(): void {
    isSent = true;
    onReady?.();
    endWhenAllIsDone();
  }
  socket.once("open", () => {
    reached("handshake");
    socket.ping(PING);
  });
  socket.on("ping", (payload) => receive(payload.length));
  socket.on("pong", (payload) => {
    receive(payload.length);
    // A server may send pongs that nobody asked for.
    if (ends.has("ping") || payload.toString() !== PING) {
      return;
    }
    reached("ping");
    if (send === undefined) {
      sent();
    } else {
      // What goes wrong here comes as an error or a close of the connection.
      socket.send(send, (error) => (error instanceof Error ? undefined : sent()));
    }
  });
  socket.on("message", (data) => {
    const message = bytesOf(data);
    receive(message.length);
    if (isAwaited(message)) {
      reached("message");
      endWhenAllIsDone();
    }
  });
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) {
    return Buffer.concat(data);
  }
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** What the conversation waits for. */
function awaited({ url, ends }: Line): string {
  if (!ends.has("handshake")) {
    const isConnected = ends.has(url.protocol === "wss:" ? "tls" : "connect");
    return isConnected ? "an answer to the handshake" : "a connection";
  }
  return ends.has("ping") ? "the expected message" : "the answer to a ping";
}

function late(line: Line, { timeoutMs }: Dial): Ending {
  const after = tellDuration(timeoutMs);
  const { host, isName } = hostOf(line.url);
  if (isName && !line.ends.has("resolve")) {
    // Of the address the host only: the rest may hold credentials.
    const detail = `the name ${host} was not resolved within ${after}`;
    return { kind: "local", reason: "name-resolution", detail };
  }
  const detail = `still waiting for ${awaited(line)} after ${after}`;
  return { kind: "failed", reason: "timeout", detail };
}

function endingOfError(error: Error, { url, ends }: Line): Ending {
  const why = explainHttpError(error, url.protocol === "wss:" && !ends.has("tls"));
  if (why.kind === "local") {
    return why;
  }
  const code = "code" in error ? error.code : undefined;
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") {
    const detail = `a message is longer than ${MAX_MESSAGE_BYTES} bytes`;
    return { kind: "failed", reason: "oversize", detail };
  }
  // The errors of `ws` about a wrong handshake have no code.
  return code === undefined && ends.has("connect") ? { ...why, reason: "bad-answer" } : why;
}

/** Closes as the protocol wants it, so that the target counts no broken connection. */
async function sayFarewell(socket: WebSocket, limit: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    limit.addEventListener("abort", () => resolve(), { once: true });
    socket.close(1000);
    if (limit.aborted) {
      resolve();
    }
  });
}
