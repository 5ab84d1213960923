import { once } from "node:events";
import { Socket } from "node:net";
import type { Client } from "pg";
import { z } from "zod";
import type { Clock } from "./clock.ts";

/** Code of PostgreSQL's CancelRequest message. */
const CANCEL_REQUEST = 80_877_102;
const CANCEL_MS = 1000;

/** What the server gave a session at its beginning; the types of `pg` do not know it. */
const Key = z.object({ processID: z.number(), secretKey: z.number() });

/**
 * Asks the server to give up what a session runs, on a connection of its own; a server whose client has merely gone would run on until its
 * statement_timeout. Nobody waits for the outcome, and it is never an error: the time of the statement is limited anyway.
 */
export async function cancelRunning(
  client: Client,
  { clock, sockets }: { readonly clock: Clock; readonly sockets: Set<Socket> },
): Promise<void> {
  const key = Key.safeParse(client);
  if (!key.success) {
    return;
  }
  const socket = new Socket();
  sockets.add(socket);
  const deadline = clock.deadline(CANCEL_MS, new AbortController().signal);
  try {
    const { host, port } = client;
    socket.connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    socket.end(message(key.data));
    await once(socket, "close", { signal: deadline });
  } catch {
    // The server is gone, and what it ran with it.
  } finally {
    sockets.delete(socket);
    socket.destroy();
  }
}

function message({ processID, secretKey }: z.infer<typeof Key>): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(CANCEL_REQUEST, 4);
  bytes.writeInt32BE(processID, 8);
  bytes.writeInt32BE(secretKey, 12);
  return bytes;
}
