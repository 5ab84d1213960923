import type { AddressInfo, Server, Socket } from "node:net";

/** What the tests of a file have opened; `closeServers` closes it. */
const open = new Map<Server, Set<Socket>>();

/** Lets a server listen on 127.0.0.1 and a port that the kernel chooses; `closeServers` ends it with all its connections. */
export async function listeningPort(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  open.set(server, sockets);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  return address.port;
}

/** Closes every server that is still open; for `afterEach`. */
export async function closeServers(): Promise<void> {
  for (const [server, sockets] of open) {
    open.delete(server);
    for (const socket of sockets) {
      socket.destroy();
    }
    if (server.listening) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    }
  }
}
