import { once } from "node:events";
import http from "node:http";

/** A webhook's receiver on a port of its own. */
export interface Receiver {
  readonly url: string;
  /** Resolves when as many different notices as expected have come. */
  readonly full: Promise<void>;
  close(): Promise<void>;
}

/** Takes notices and answers 204. */
export async function startReceiver(expected: number): Promise<Receiver> {
  const ids = new Set<string>();
  const server = http.createServer((request, response) => {
    request.resume();
    ids.add(String(request.headers["webhook-id"]));
    response.writeHead(204).end(() => {
      if (ids.size >= expected) {
        server.emit("full");
      }
    });
  });
  const full = once(server, "full").then(() => undefined);
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the receiver has no port");
  }
  return {
    url: `http://127.0.0.1:${address.port}/notices`,
    full,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
