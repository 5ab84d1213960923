import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import net from "node:net";

const LOWEST = 15_000;
const HIGHEST = 32_000;
const ATTEMPTS = 100;

/**
 * A TCP port of the loopback interface that nobody uses. It lies below the range from which the kernel takes the ports
 * of outgoing connections: one of those would otherwise sit on the port while a service restarts, and a connection to a
 * closed port could even reach itself.
 */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  const highest = await lowestEphemeralPort();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, highest);
    if (!taken.has(port) && (await canListen(port))) {
      return port;
    }
  }
  throw new Error(`no free port between ${LOWEST} and ${highest}`);
}

/** Whether anybody listens on a port of the loopback interface. */
export async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

async function lowestEphemeralPort(): Promise<number> {
  try {
    const range = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const lowest = Number(range.trim().split(/\s+/u)[0]);
    return lowest > LOWEST + ATTEMPTS ? Math.min(lowest, HIGHEST) : HIGHEST;
  } catch {
    return HIGHEST;
  }
}

async function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
