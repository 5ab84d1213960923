import { setTimeout as sleep } from "node:timers/promises";

/** Does something again and again, with a pause after each time, until it is told to stop; what fails is done again like the rest. */
export function repeat(work: () => Promise<void>, pauseMs: number): () => Promise<void> {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await work().catch(() => undefined);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
