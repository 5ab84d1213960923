import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const Health = z.object({ release: z.string() });
const ASK_LIMIT_MS = 1500;
const PAUSE_MS = 50;

/** The release that the system serves on its health page; undefined when that does not answer 200. */
export async function askHealth(api: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${api}/api/health`, { signal: AbortSignal.timeout(ASK_LIMIT_MS) });
    const body: unknown = await answer.json();
    return answer.ok ? Health.parse(body).release : undefined;
  } catch {
    return undefined;
  }
}

/** Returns when the system serves the release, with the moment it was asked that first answer, ms since the epoch. */
export async function untilServing(
  api: string,
  release: string,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    if (signal.aborted) {
      throw new Error(
        `${release} is not served in time; last seen: ${(await askHealth(api)) ?? "no answer"}`,
      );
    }
    if ((await askHealth(api)) === release) {
      return Date.now();
    }
    await sleep(PAUSE_MS);
  }
}
