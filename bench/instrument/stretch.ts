import http from "node:http";
import { quantile } from "../footprint/figures.ts";
import { cpuSecondsBelow } from "../footprint/processes.ts";
import type { Server } from "./server.ts";

/** What one server did in a stretch of time. */
export interface Stretch {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  /** CPU of the server's process for one request: it says the same on a busy machine. */
  readonly cpuMicroseconds: number;
}

const CONNECTIONS = 16;

/** Asks one server over some open connections, each as soon as it has its answer. */
export async function stretchOf({ url, pid }: Server, seconds: number): Promise<Stretch> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const times: number[] = [];
  const cpu = await cpuSecondsBelow([pid]);
  const begun = performance.now();
  const end = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < end) {
        times.push(await ask(url, agent));
      }
    }),
  );
  const took = (performance.now() - begun) / 1000;
  const used = (await cpuSecondsBelow([pid])) - cpu;
  agent.destroy();
  return {
    requestsPerSecond: times.length / took,
    p99Ms: quantile(times, 0.99),
    cpuMicroseconds: (used * 1e6) / times.length,
  };
}

async function ask(url: string, agent: http.Agent): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent }, (response) => {
      response.once("end", () => resolve(performance.now() - begun));
      response.resume();
    });
    request.once("error", reject);
  });
}
