import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

/** Clients that write as fast as they are answered, and connect again whenever their session ends. */
export interface Crowd {
  /** Resolves when so many more writes were acknowledged. */
  written(more: number): Promise<void>;
  /** Stops them; every write that was acknowledged. */
  end(): Promise<readonly string[]>;
}

const PAUSE_MS = 5;

/** Starts the clients; each writes rows of its own into `readings (written)`. */
export function aCrowd(url: string, clients: number): Crowd {
  const acknowledged: string[] = [];
  const over = new AbortController();
  const all = Array.from({ length: clients }, async (_, index) =>
    write(url, `client ${index}`, acknowledged, over.signal),
  );
  return {
    written: async (more) => {
      const wanted = acknowledged.length + more;
      while (acknowledged.length < wanted) {
        await sleep(PAUSE_MS);
      }
    },
    end: async () => {
      over.abort();
      await Promise.all(all);
      return acknowledged;
    },
  };
}

async function write(
  url: string,
  name: string,
  acknowledged: string[],
  signal: AbortSignal,
): Promise<void> {
  let number = 0;
  while (!signal.aborted) {
    const client = new Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      while (!signal.aborted) {
        number += 1;
        const written = `${name} ${number}`;
        await client.query("insert into readings (written) values ($1)", [written]);
        acknowledged.push(written);
        await sleep(PAUSE_MS);
      }
    } catch {
      await sleep(PAUSE_MS);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
