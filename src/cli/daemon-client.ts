import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { ProblemDetails, SOCKET_NAME, STATUS_PATH } from "../api/contract.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { Status } from "../model/operations.ts";

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Asks the running daemon for its status over its socket; throws `no-daemon` when nobody answers. */
export async function askStatus(state: string, signal: AbortSignal): Promise<Status> {
  const socketPath = `${state}/${SOCKET_NAME}`;
  const answer = await ask(socketPath, STATUS_PATH, signal);
  const body = parseJson(answer.body, socketPath);
  if (answer.status !== 200) {
    const problem = ProblemDetails.safeParse(body).data;
    throw new Failure(
      "internal",
      `the daemon answered ${answer.status}: ${problem?.detail ?? "no reason"}`,
      {
        hint: problem?.hint ?? "look into the daemon's log",
      },
    );
  }
  const status = Status.safeParse(body);
  if (!status.success) {
    throw new Failure(
      "internal",
      `the daemon on ${socketPath} answers in another version's words`,
      {
        hint: "restart it with the installed version",
        cause: status.error,
      },
    );
  }
  return status.data;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function ask(socketPath: string, path: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path, timeout: TIMEOUT_MS, signal }, (response) => {
      collect(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, body });
        return undefined;
      }, reject);
    });
    request.once("timeout", () => {
      request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`));
    });
    request.once("error", (error) => {
      reject(signal.aborted ? error : noDaemon(socketPath, error));
    });
  });
}

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
