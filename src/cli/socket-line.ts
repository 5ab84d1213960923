import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { ProblemDetails, SOCKET_NAME } from "../api/contract.ts";
import { FAILURE_CODES, Failure, messageOf } from "../model/failure.ts";

/** Longest silence of a daemon that only has to look into its memory. */
const QUICK_MS = 5000;
/** Longest silence of one that hashes, captures or asks every probe. */
const PATIENT_MS = 30 * 60_000;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** The socket of a daemon, and the headers that say who asks. */
export interface Line {
  readonly state: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is asked of the daemon. */
export interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  /** Whether the answer may take minutes. Default false. */
  readonly isLong?: boolean;
}

/** Asks the daemon; its problems come back as the failures they were. Throws `no-daemon` when nobody answers. */
export async function askDaemon<Answer>(
  line: Line,
  question: Question,
  answer: z.ZodType<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const socketPath = `${line.state}/${SOCKET_NAME}`;
  const { status, body } = await exchange(line, socketPath, question, signal);
  const json = body === "" ? undefined : parseJson(body, socketPath);
  if (status >= 300) {
    throw failureOf(status, ProblemDetails.safeParse(json).data);
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) {
    throw new Failure(
      "internal",
      `the daemon on ${socketPath} answers in another version's words`,
      { hint: "restart it with the installed version", cause: parsed.error },
    );
  }
  return parsed.data;
}

/** Whether a failure says that nothing listens: no daemon runs, or it died. One that hangs is there. */
export function isAbsent(error: unknown): boolean {
  if (!(error instanceof Failure) || error.code !== "no-daemon") {
    return false;
  }
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "ENOENT" || code === "ECONNREFUSED";
}

interface Raw {
  readonly status: number;
  readonly body: string;
}

async function exchange(
  line: Line,
  socketPath: string,
  { method, path, body, isLong = false }: Question,
  signal: AbortSignal,
): Promise<Raw> {
  const timeout = isLong ? PATIENT_MS : QUICK_MS;
  const headers = { ...line.headers, ...(method === "POST" ? JSON_HEADER : {}) };
  return new Promise((resolve, reject) => {
    const options = { socketPath, path, method, headers, timeout, signal, agent: false };
    const outgoing = httpRequest(options, (response) => {
      collect(response).then((text) => {
        resolve({ status: response.statusCode ?? 0, body: text });
        return undefined;
      }, reject);
    });
    outgoing.once("timeout", () => {
      outgoing.destroy(new Error(`no answer within ${timeout / 1000} s`));
    });
    outgoing.once("error", (error) => {
      reject(signal.aborted ? error : noDaemon(socketPath, error));
    });
    outgoing.end(method === "POST" ? JSON.stringify(body ?? {}) : undefined);
  });
}

const JSON_HEADER = { "content-type": "application/json" };

async function collect(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let body = "";
  for await (const chunk of response) {
    body += String(chunk);
    if (body.length > MAX_ANSWER_BYTES) {
      throw new Failure("internal", "the daemon's answer is too large", {
        hint: "look into its log",
      });
    }
  }
  return body;
}

function failureOf(status: number, problem: ProblemDetails | undefined): Failure {
  const { detail = "no reason was given", reasons = [] } = problem ?? {};
  const code = FAILURE_CODES.find((one) => one === problem?.code) ?? "internal";
  const told = [detail, ...reasons].join("; ");
  const text = code === "internal" ? `the daemon answered ${status}: ${told}` : told;
  return new Failure(code, text, { hint: problem?.hint ?? hintFor(status) });
}

function hintFor(status: number): string {
  return status === 404 || status === 405
    ? "it is of another version; restart it with the installed one"
    : "look into the daemon's log";
}

function noDaemon(socketPath: string, error: unknown): Failure {
  const reason = messageOf(error);
  const hint = reason.includes("EACCES")
    ? "ask as the user that the daemon runs as"
    : "start it with `rollwatch run` or pm2 (ecosystem.config.js); `rollwatch check` works without it";
  return new Failure("no-daemon", `no daemon answers on ${socketPath}: ${reason}`, {
    hint,
    cause: error,
  });
}

function parseJson(text: string, socketPath: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure("internal", `what answers on ${socketPath} is no rollwatch`, {
      hint: "look at which process has the socket open",
      cause: error,
    });
  }
}
