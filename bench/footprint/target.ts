import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { once } from "node:events";

/** A target in a process of its own: one address answers at once, the other accepts and never answers. */
async function main(): Promise<void> {
  const answering = createHttpServer((_request, response) => {
    response.end("fine");
  });
  const hanging = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
  });
  const ports = await Promise.all([answering, hanging].map(portOf));
  process.on("disconnect", () => process.exit());
  process.send?.({ answering: ports[0], hanging: ports[1] });
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1", 4096);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

await main();
