import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";

/** What the daemon of this state folder answers on its socket, where its own user needs no token to read. */
export async function readOverSocket(
  state: string,
  route: string,
  signal: AbortSignal,
): Promise<string> {
  const socketPath = path.join(state, "rollwatch.sock");
  const request = http.get({ socketPath, path: route, agent: false, signal });
  const [answer] = await once(request, "response");
  return text(answer);
}
