import { describe, expect, it } from "vitest";
import type { Websocket } from "../../src/system/websocket.ts";

/** A Websocket, and the address of a server that answers pings and sends `hello` to whoever connects. */
export interface WebsocketUnderTest {
  readonly websocket: Websocket;
  readonly url: string;
}

/** What every Websocket promises. */
export function websocketContract(name: string, open: () => Promise<WebsocketUnderTest>): void {
  describe(`the contract of WebSocket: ${name}`, () => {
    it("connects and gets its ping answered", async () => {
      const { websocket, url } = await open();

      const conversation = await websocket.converse({ url, timeoutMs: 2000 }, live());

      expect(conversation).toMatchObject({ kind: "fine" });
      expect(namesOf(conversation)).toEqual(["connect", "handshake", "ping"]);
    });

    it("hears a message that contains the expected text", async () => {
      const { websocket, url } = await open();

      const conversation = await websocket.converse(
        { url, timeoutMs: 2000, expectMessage: "ell" },
        live(),
      );

      expect(conversation).toMatchObject({ kind: "fine" });
      expect(namesOf(conversation)).toContain("message");
    });

    it("waits in vain for a message that nobody sends", async () => {
      const { websocket, url } = await open();

      const conversation = await websocket.converse(
        { url, timeoutMs: 150, expectMessage: "never" },
        live(),
      );

      expect(conversation).toMatchObject({ kind: "failed", reason: "timeout" });
      expect(namesOf(conversation)).toEqual(["connect", "handshake", "ping"]);
    });

    it("throws the reason of a signal that was aborted before", async () => {
      const { websocket, url } = await open();
      const reason = new Error("told to stop");

      const conversing = websocket.converse({ url, timeoutMs: 2000 }, AbortSignal.abort(reason));

      await expect(conversing).rejects.toBe(reason);
    });
  });
}

function live(): AbortSignal {
  return new AbortController().signal;
}

function namesOf(
  conversation: Awaited<ReturnType<Websocket["converse"]>>,
): readonly string[] | undefined {
  return conversation.kind === "local"
    ? undefined
    : conversation.milestones.map((milestone) => milestone.name);
}
