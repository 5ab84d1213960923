import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import type { Lab } from "../../lab/lab.ts";
import type { Addresses } from "../detection/observer.ts";

/** Addresses for one watcher alone, which note when each of them was asked. */
export interface Arrivals {
  readonly addresses: Addresses;
  /** From now on nothing but the answer of the last http address is kept back (`true`), or nothing is. */
  hang(isHanging: boolean): void;
  /** Forgets what was noted. */
  clear(): void;
  /** For each address that never hangs, when it was asked, ms of the monotonic clock, oldest first. */
  times(): readonly (readonly number[])[];
}

/** How many addresses there are of each kind that answer always. */
export const ANSWERING = { http: 12, tcp: 4 } as const;
const HANGING_PATH = "/hanging";

/** Opens them; they close with the lab. */
export async function openArrivals(lab: Lab): Promise<Arrivals> {
  const noted = new Map<string, number[]>();
  let isHanging = false;
  function note(name: string): void {
    noted.set(name, [...(noted.get(name) ?? []), performance.now()]);
  }
  const web = createHttpServer((request, response) => {
    const { url = "" } = request;
    if (url === HANGING_PATH) {
      if (!isHanging) {
        response.end("fine");
      }
      return;
    }
    note(url);
    response.end("fine");
  });
  const origin = `http://127.0.0.1:${await listen(lab, web)}`;
  const paths = Array.from({ length: ANSWERING.http }, (_one, place) => `/answering/${place}`);
  const tcp: string[] = [];
  while (tcp.length < ANSWERING.tcp) {
    const name = `tcp ${tcp.length}`;
    const server = createTcpServer((socket) => {
      note(name);
      socket.on("error", () => undefined);
      socket.end();
    });
    tcp.push(`127.0.0.1:${await listen(lab, server)}`);
  }
  return {
    addresses: { http: [...paths, HANGING_PATH].map((one) => origin + one), tcp },
    hang: (wanted) => {
      isHanging = wanted;
    },
    clear: () => noted.clear(),
    times: () => [...noted.values()],
  };
}

async function listen(lab: Lab, server: Server): Promise<number> {
  const port = await lab.port();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  lab.onEnd("addresses that are asked", async () => {
    server.close();
  });
  return port;
}

/** By how much each question after the first came later than `intervalMs` after the one before, ms; 0 where it did not. */
export function latenessOf(times: readonly number[], intervalMs: number): readonly number[] {
  return times.slice(1).map((at, place) => Math.max(0, at - (times[place] ?? at) - intervalMs));
}
