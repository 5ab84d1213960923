import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Requests so far. `failed`: refused or reset, answered with 5xx, or not answered within 2 s of the moment they were due. */
export interface LoadResult {
  readonly sent: number;
  readonly failed: number;
  /** From the first failed request to the last one, in seconds; 0 when none failed. */
  readonly outageSeconds: number;
}

/** A constant stream of requests. */
export interface Load {
  /** The result so far. */
  result(): LoadResult;
  /** Sends no more, waits for the answers that are due, and returns the result. */
  stop(): Promise<LoadResult>;
}

const PER_SECOND = 20;
const LIMIT_MS = 2000;
const PATHS = ["personnel", "devices", "readings?limit=20", "alerts?limit=20", "calibrations"];

/**
 * Asks the API 20 times a second, whatever it answers: each request is sent when it is due, not when the one before has been
 * answered, so that a slow system cannot hide behind a patient client.
 */
export function startLoad(api: string): Load {
  const begun = performance.now();
  const failures: number[] = [];
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let sent = 0;

  async function one(due: number, path: string): Promise<void> {
    const isAnswered = await ask(
      `${api}/api/radiation/${path}`,
      due + LIMIT_MS - performance.now(),
    );
    if (!isAnswered) {
      failures.push(due);
    }
  }

  async function send(): Promise<void> {
    while (!stopping.signal.aborted) {
      const due = begun + (sent * 1000) / PER_SECOND;
      await sleep(Math.max(0, due - performance.now()), undefined, {
        signal: stopping.signal,
      }).catch(() => undefined);
      if (!stopping.signal.aborted) {
        const request = one(due, PATHS[sent % PATHS.length] ?? "");
        sent += 1;
        running.add(request);
        void request.finally(() => running.delete(request));
      }
    }
  }

  function result(): LoadResult {
    const outageMs = failures.length === 0 ? 0 : Math.max(...failures) - Math.min(...failures);
    return { sent, failed: failures.length, outageSeconds: Math.round(outageMs / 100) / 10 };
  }

  const sending = send();
  return {
    result,
    async stop() {
      stopping.abort();
      await sending;
      await Promise.all(running);
      return result();
    },
  };
}

/** Whether a whole answer below 500 came in time, on a connection of its own. */
async function ask(url: string, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get(url, {
      agent: false,
      signal: AbortSignal.timeout(Math.max(1, Math.round(limitMs))),
    });
    request.once("error", () => {
      resolve(false);
    });
    request.once("response", (response) => {
      const isFailure = (response.statusCode ?? 500) >= 500;
      response.once("error", () => {
        resolve(false);
      });
      response.once("end", () => {
        resolve(!isFailure);
      });
      response.resume();
    });
  });
}
