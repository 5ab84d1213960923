import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT_MS = 5000;
const PATHS = ["personnel", "devices", "readings?limit=20", "alerts?limit=20"];

/**
 * Asks the API `perSecond` times a second for a time, each when it is due, and returns how long each answer took from that
 * moment, ms; one that failed or never came counts as the limit of 5 s.
 */
export async function loadFor(
  api: string,
  how: { readonly perSecond: number; readonly seconds: number },
): Promise<readonly number[]> {
  const begun = performance.now();
  const answers: Promise<number>[] = [];
  for (let sent = 0; sent < how.perSecond * how.seconds; sent += 1) {
    const due = begun + (sent * 1000) / how.perSecond;
    await sleep(Math.max(0, due - performance.now()));
    answers.push(timeOf(`${api}/api/radiation/${PATHS[sent % PATHS.length] ?? ""}`, due));
  }
  return Promise.all(answers);
}

async function timeOf(url: string, due: number): Promise<number> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const request = http.get(url, { agent: false, signal }, (response) => {
      const isFailure = (response.statusCode ?? 500) >= 500;
      response.once("error", () => resolve(LIMIT_MS));
      response.once("end", () => resolve(isFailure ? LIMIT_MS : performance.now() - due));
      response.resume();
    });
    request.once("error", () => resolve(LIMIT_MS));
  });
}
