import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Lab } from "../../lab/lab.ts";

/** A door in front of a server, which counts who comes through. */
export interface Door {
  readonly port: number;
  connections(): number;
  requests(): number;
}

/** Opens a door in front of a port of this machine; it closes with the lab. */
export async function openDoor(lab: Lab, to: number): Promise<Door> {
  let connections = 0;
  let requests = 0;
  const server = createServer((socket) => {
    connections += 1;
    const inner = connect(to, "127.0.0.1");
    socket.on("data", (chunk) => {
      requests += /^[A-Z]+ \/\S* HTTP/u.test(chunk.toString("latin1")) ? 1 : 0;
    });
    socket.on("error", () => inner.destroy());
    inner.on("error", () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  const port = await lab.port();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  lab.onEnd("door", async () => {
    server.close();
  });
  return { port, connections: () => connections, requests: () => requests };
}
