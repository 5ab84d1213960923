import type { ClientRequest } from "node:http";
import { isIP } from "node:net";

/** A part of an exchange that came to its end, and when: ms from the start of the exchange. */
export interface Milestone {
  readonly name: string;
  readonly atMs: number;
}

/** The parts of every new connection; `resolve` only of a name, `tls` only of a secure one. */
export type ConnectionPart = "resolve" | "connect" | "tls";

/** Calls `reached` when the request's connection has its address, is open, and is secured. */
export function watchConnection(
  outgoing: ClientRequest,
  secure: boolean,
  reached: (part: ConnectionPart) => void,
): void {
  outgoing.once("socket", (socket) => {
    socket.once("lookup", () => reached("resolve"));
    socket.once("connect", () => reached("connect"));
    if (secure) {
      socket.once("secureConnect", () => reached("tls"));
    }
  });
}

/** The host of an address; `isName` when it must be resolved first. */
export function hostOf(url: URL): { readonly host: string; readonly isName: boolean } {
  const host = url.hostname.replaceAll(/[[\]]/gu, "");
  return { host, isName: isIP(host) === 0 };
}
