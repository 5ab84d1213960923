import { setTimeout as sleep } from "node:timers/promises";
import { startsOf } from "./first-start.ts";
import { askHealth } from "./health.ts";
import type { RadiationSystem } from "./radiation-system.ts";

const ASK_LIMIT_MS = 1500;
const PAUSE_MS = 50;

/** Returns when one of the services has another process than `before` and both servers answer, ms since the epoch. */
export async function untilRestarted(
  system: RadiationSystem,
  before: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const now = await startsOf(system.pm2);
    const isReplaced = [...before].some(
      ([file, pid]) => ![pid, "", undefined].includes(now.get(file)),
    );
    if (isReplaced && (await areServing(system))) {
      return Date.now();
    }
    await sleep(PAUSE_MS);
  }
}

async function areServing({ api, webSocket }: RadiationSystem): Promise<boolean> {
  const health = `${webSocket.replace(/^ws/u, "http")}/health`;
  const [release, hears] = await Promise.all([
    askHealth(api),
    fetch(health, { signal: AbortSignal.timeout(ASK_LIMIT_MS) }).then(
      (answer) => answer.ok,
      () => false,
    ),
  ]);
  return release !== undefined && hears;
}
