import { createServer, type Server } from "node:http";
import { Failure } from "../model/failure.ts";

/** A tiny server of our own: when not even it can be reached, the fault is not the target's. */
export interface Echo {
  /** Answers `200` with the path it was asked for. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on loopback, on a port that the kernel chooses. */
export async function openEcho(): Promise<Echo> {
  const server = createServer((request, response) => {
    response.end(request.url);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  return { url: `http://127.0.0.1:${portOf(server)}`, close: async () => close(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Failure("internal", "the loopback server has no port", { hint: "Report this." });
  }
  return address.port;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
