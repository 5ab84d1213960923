import { connect, isIP, type Socket } from "node:net";
import { tellDuration } from "../model/units.ts";
import { withChild } from "./abort.ts";
import type { Clock } from "./clock.ts";
import type { ConnectionPart, Milestone } from "./connection.ts";
import { explainHttpError } from "./http-errors.ts";
import type { Answer } from "./http.ts";

/** Whom to connect to, and for how long to try. */
export interface Knock {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** The parts of a connection that are over, and the time in all. */
export interface ConnectionCourse {
  readonly milestones: readonly Milestone[];
  readonly totalMs: number;
}

/** A connection that did not come about by the other side's doing. */
export interface ConnectionFailed extends ConnectionCourse {
  readonly kind: "failed";
  readonly reason: Extract<Answer, { kind: "failed" }>["reason"];
  readonly detail: string;
}

type Local = Extract<Answer, { kind: "local" }>;

/** What came of it. All kinds but `local` are the target's doing. */
export type Knocked = ({ readonly kind: "open" } & ConnectionCourse) | ConnectionFailed | Local;

/** TCP for probes: a connection that is closed as soon as it is open. */
export interface Tcp {
  connect(knock: Knock, signal: AbortSignal): Promise<Knocked>;
}

/** Longest time that the target gets for answering a farewell. */
export const FAREWELL_MS = 200;

/** TCP of this machine. */
export function openTcp(clock: Clock): Tcp {
  return {
    connect: async (knock, signal) =>
      withConnection(clock, knock, signal, async (line) => {
        const knocked = { kind: "open", ...line.course() } as const;
        await sayFarewell(line.socket, clock.deadline(FAREWELL_MS, line.deadline));
        return knocked;
      }),
  };
}

/** An open connection, which ends with the work that is done on it. */
export interface Line {
  readonly socket: Socket;
  /** Aborts when the time of the knock is over. */
  readonly deadline: AbortSignal;
  readonly reached: (part: ConnectionPart) => void;
  readonly course: () => ConnectionCourse;
}

/** Connects, works on the connection, and closes it; what goes wrong is told as a value, but for an abort. */
export async function withConnection<T>(
  clock: Clock,
  knock: Knock,
  signal: AbortSignal,
  work: (line: Line) => Promise<T>,
): Promise<T | ConnectionFailed | Local> {
  signal.throwIfAborted();
  const start = clock.monotonic();
  const ends = new Map<ConnectionPart, number>();
  function reached(part: ConnectionPart): void {
    ends.set(part, clock.monotonic() - start);
  }
  function course(): ConnectionCourse {
    const milestones = [...ends].map(([name, atMs]) => ({ name, atMs }));
    return { milestones, totalMs: clock.monotonic() - start };
  }
  return withChild(signal, async (own) => {
    const deadline = clock.deadline(knock.timeoutMs, own);
    const socket = connect({ host: knock.host, port: knock.port });
    try {
      await connected(socket, deadline, reached);
      return await work({ socket, deadline, reached, course });
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) {
        return late(knock, ends, course());
      }
      const why = explainHttpError(error, ends.has("connect"));
      return why.kind === "local" ? why : { ...why, ...course() };
    } finally {
      socket.destroy();
    }
  });
}

async function connected(
  socket: Socket,
  deadline: AbortSignal,
  reached: (part: ConnectionPart) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.once("lookup", () => reached("resolve"));
    socket.once("connect", () => {
      reached("connect");
      resolve();
    });
    rejectAtEnd(deadline, reject);
  });
}

/** Ends a connection and reads what is still to come, so that the other side sees no broken one. */
export async function sayFarewell(socket: Socket, limit: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    limit.addEventListener("abort", () => resolve(), { once: true });
    socket.resume();
    socket.end();
    if (limit.aborted) {
      resolve();
    }
  });
}

/** Rejects when the time is over. */
export function rejectAtEnd(deadline: AbortSignal, reject: (reason: unknown) => void): void {
  deadline.addEventListener("abort", () => reject(deadline.reason), { once: true });
  if (deadline.aborted) {
    reject(deadline.reason);
  }
}

/** A name that nobody resolved in time is not the target's fault. */
function late(
  { host, timeoutMs }: Knock,
  ends: ReadonlyMap<ConnectionPart, number>,
  course: ConnectionCourse,
): ConnectionFailed | Local {
  const after = tellDuration(timeoutMs);
  if (isIP(host) === 0 && !ends.has("resolve")) {
    const detail = `the name ${host} was not resolved within ${after}`;
    return { kind: "local", reason: "name-resolution", detail };
  }
  const what = ends.has("connect") ? "no secure connection" : "no connection";
  return { kind: "failed", reason: "timeout", detail: `${what} within ${after}`, ...course };
}
