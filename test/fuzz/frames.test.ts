import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openWebsocket } from "../../src/system/websocket.ts";

const { FUZZ_RUNS: runs = "300", FUZZ_SEED: seed } = process.env;
/** A conversation costs as much as so many texts. */
const COST = 10;
const MOST_MS = 60 * 60_000;
const TIMEOUT_MS = 100;
const SLACK_MS = 2000;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Heads of frames, right and wrong: text, ping, pong, close, continuation, reserved bits, lengths that lie. */
const PIECES = ["8105", "68656c6c6f", "8900", "8a09", "726f6c6c7761746368", "8802", "03e8", "8000"];
const ODD_PIECES = ["ff7f", "817fffffffffffffffff", "c100", "8180", "00", "88020001", "897e0100"];

const frames = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES, ...ODD_PIECES).map((hex) => Buffer.from(hex, "hex")),
      fc.uint8Array({ maxLength: 20 }).map((all) => Buffer.from(all)),
    ),
    { maxLength: 12 },
  )
  .map((all) => Buffer.concat(all));

let server: Server;
let answer = Buffer.alloc(0);

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (asked) => {
      const key = /^sec-websocket-key: (\S+)/imu.exec(asked.toString())?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
      const head = `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
      socket.end(Buffer.concat([Buffer.from(head), answer]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.close();
  await once(server, "close");
});

describe("a WebSocket that sends whatever it likes", { timeout: MOST_MS }, () => {
  it("is fine or failed with a reason, in time", async () => {
    const clock = openClock();
    const websocket = openWebsocket(clock);
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const url = `ws://127.0.0.1:${port}/`;

    await fc.assert(
      fc.asyncProperty(frames, async (bytes) => {
        answer = bytes;
        const dial = { url, timeoutMs: TIMEOUT_MS, expectMessage: "hello" };
        const begun = clock.monotonic();

        const { kind } = await websocket.converse(dial, new AbortController().signal);

        expect(["fine", "failed"]).toContain(kind);
        expect(clock.monotonic() - begun).toBeLessThan(TIMEOUT_MS + SLACK_MS);
      }),
      {
        numRuns: Math.ceil(Number(runs) / COST),
        examples: [[Buffer.from("8a09726f6c6c7761746368810568656c6c6f", "hex")]],
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      },
    );
  });
});
