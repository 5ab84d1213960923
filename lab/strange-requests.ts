import { randomUUID } from "node:crypto";
import http from "node:http";

const LIMIT_MS = 5000;

/** Asks for the longest list by an address that nobody used before, as browsers do that want no cached answer. */
export async function askForLongList(api: string): Promise<void> {
  const answer = await fetch(`${api}/api/radiation/readings?limit=1000&_=${randomUUID()}`, {
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  await answer.arrayBuffer();
}

/** Asks for an export and hangs up as soon as the request is sent. */
export async function abandonExport(api: string): Promise<void> {
  return new Promise((resolve) => {
    const request = http.get(`${api}/api/radiation/export`, { agent: false });
    const limit = setTimeout(() => request.destroy(), LIMIT_MS);
    request.once("finish", () => request.destroy());
    request.once("error", () => undefined);
    request.once("close", () => {
      clearTimeout(limit);
      resolve();
    });
  });
}
