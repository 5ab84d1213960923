import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { openClock } from "../../src/system/clock.ts";
import { type Conversation, type Dial, openWebsocket } from "../../src/system/websocket.ts";
import { websocketContract } from "../contracts/websocket.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { fakeWebsocket } from "../support/fakes/websocket.ts";

const NEVER = new AbortController().signal;
const websocket = openWebsocket(openClock());
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

/** A server whose connections can be counted and are gone after the test. */
interface Target {
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
}

async function listening(server: Server): Promise<Target> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closers.push(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  return { port: address.port, sockets };
}

/** A WebSocket server; `behave` has each connection, and the raw socket under it. */
async function serving(
  behave: (peer: WebSocket, request: IncomingMessage) => void,
  options: { readonly autoPong?: boolean } = {},
): Promise<Target> {
  const server = createHttpServer();
  const peers = new WebSocketServer({ server, perMessageDeflate: true, ...options });
  peers.on("connection", (peer, request) => {
    peer.on("error", () => peer.terminate());
    behave(peer, request);
  });
  return listening(server);
}

/** A server that has the raw connection once something was asked. */
async function raw(behave: (socket: Socket, asked: string) => void): Promise<Target> {
  return listening(
    createServer((socket) => socket.once("data", (data) => behave(socket, data.toString()))),
  );
}

async function dial({ port }: Target, more: Partial<Dial> = {}): Promise<Conversation> {
  return websocket.converse(
    { url: `ws://127.0.0.1:${port}/live`, timeoutMs: 2000, ...more },
    NEVER,
  );
}

/** An answer that completes the handshake that was asked for. */
function accepting(asked: string): string {
  const key = /^sec-websocket-key: (\S+)/imu.exec(asked)?.[1] ?? "";
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
}

/** Writes `part` every few milliseconds until the other side goes away. */
function drip(socket: Socket, part: string): void {
  const timer = setInterval(() => socket.write(part), 5);
  socket.once("close", () => {
    clearInterval(timer);
  });
}

async function isDeserted({ sockets }: Target): Promise<boolean> {
  const closings = [...sockets].map(
    async (socket) =>
      new Promise((resolve) => {
        socket.once("close", resolve);
      }),
  );
  await Promise.all(closings);
  return sockets.size === 0;
}

websocketContract("the real one", async () => {
  const { port } = await serving((peer) => peer.send("hello"));
  return { websocket, url: `ws://127.0.0.1:${port}/` };
});

websocketContract("the fake", async () => ({
  websocket: fakeWebsocket(),
  url: "ws://127.0.0.1:1/",
}));

describe("a conversation", () => {
  it("sends its text after the ping, and hears the answer among other messages", async () => {
    const target = await serving((peer) => {
      peer.send("welcome");
      peer.on("message", (data) =>
        peer.send(`you said ${Buffer.isBuffer(data) ? data.toString() : ""}`),
      );
    });

    const conversation = await dial(target, { send: "grüße", expectMessage: "said grüße" });

    expect(conversation).toMatchObject({ kind: "fine" });
    const { milestones, totalMs } =
      conversation.kind === "fine" ? conversation : { milestones: [], totalMs: -1 };
    expect(milestones.map(({ name }) => name)).toEqual(["connect", "handshake", "ping", "message"]);
    const times = [0, ...milestones.map(({ atMs }) => atMs), totalMs];
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });

  it("delivers a text when nothing is expected back", async () => {
    let heard: Promise<unknown> = Promise.resolve();
    const target = await serving((peer) => {
      heard = once(peer, "message").then(([data]) => String(data));
    });

    const conversation = await dial(target, { send: "are you there" });

    expect(conversation).toMatchObject({ kind: "fine" });
    expect(await heard).toBe("are you there");
  });

  it("counts a message that came before the pong", async () => {
    const target = await serving(
      (peer) => {
        peer.on("ping", (payload) => {
          peer.send("reading 42");
          peer.pong(payload);
        });
      },
      { autoPong: false },
    );

    expect(await dial(target, { expectMessage: "42" })).toMatchObject({ kind: "fine" });
  });

  it("says who it is, offers no compression, and closes as the protocol wants it", async () => {
    let headers: IncomingMessage["headers"] = {};
    let closed: Promise<unknown> = Promise.resolve();
    const target = await serving((peer, request) => {
      headers = request.headers;
      closed = once(peer, "close").then(([code]) => code);
    });

    await dial(target);

    expect(headers["user-agent"]).toBe("rollwatch");
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
    expect(await closed).toBe(1000);
    expect(await isDeserted(target)).toBe(true);
  });

  it("is over soon when the target ignores the farewell", async () => {
    const target = await raw((socket, asked) => {
      socket.write(accepting(asked));
      // The pong of a ping that carries `rollwatch`.
      socket.once("data", () => socket.write(Buffer.from("\u008A\u0009rollwatch", "latin1")));
    });

    const conversation = await dial(target, { timeoutMs: 60_000 });

    expect(conversation).toMatchObject({ kind: "fine" });
    expect(await isDeserted(target)).toBe(true);
  });
});

describe("a target that misbehaves", () => {
  it("refuses the connection", async () => {
    const target = await listening(createServer());
    await closers.pop()?.();

    expect(await dial(target)).toMatchObject({ kind: "failed", reason: "refused" });
  });

  /** How it hangs, and what the probe waited for at last. */
  const hangs: readonly (readonly [string, () => Promise<Target>, string])[] = [
    ["never answers the handshake", async () => raw(() => undefined), "an answer to the handshake"],
    [
      "drips its handshake",
      async () =>
        raw((socket) => {
          socket.write("HTTP/1.1 101 Switching Protocols\r\n");
          drip(socket, "a: b\r\n");
        }),
      "an answer to the handshake",
    ],
    [
      "never answers the ping",
      async () => serving(() => undefined, { autoPong: false }),
      "the answer to a ping",
    ],
    [
      "sends pongs that nobody asked for",
      async () => serving((peer) => peer.pong("other"), { autoPong: false }),
      "the answer to a ping",
    ],
    [
      "never sends the expected message",
      async () => serving((peer) => peer.send("something else")),
      "the expected message",
    ],
    [
      "drips a message that never ends",
      async () =>
        serving((_peer, { socket }) => {
          socket.write(Buffer.from([0x81, 126, 0xea, 0x60]));
          drip(socket, "x");
        }),
      "the answer to a ping",
    ],
  ];

  it.each(hangs)("%s", async (_name, open, awaited) => {
    const target = await open();

    const conversation = await dial(target, { timeoutMs: 300, expectMessage: "reading" });

    expect(conversation).toMatchObject({
      kind: "failed",
      reason: "timeout",
      detail: `still waiting for ${awaited} after 300 ms`,
    });
    expect(await isDeserted(target)).toBe(true);
  });

  it("never secures the connection", async () => {
    const target = await raw(() => undefined);

    const conversation = await dial(target, {
      url: `wss://127.0.0.1:${target.port}/`,
      timeoutMs: 80,
    });

    expect(conversation).toMatchObject({
      kind: "failed",
      reason: "timeout",
      detail: "still waiting for a connection after 80 ms",
      milestones: [{ name: "connect" }],
    });
    expect(await isDeserted(target)).toBe(true);
  });

  /** What it does, the reason, and a part of the detail. */
  const faults: readonly (readonly [string, () => Promise<Target>, string, string])[] = [
    ["closes without a word", async () => raw((socket) => socket.end()), "reset", "ECONNRESET"],
    ["resets the handshake", async () => raw((socket) => socket.resetAndDestroy()), "reset", ""],
    [
      "talks something that is no HTTP",
      async () => raw((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")),
      "bad-answer",
      "HPE_INVALID_CONSTANT",
    ],
    [
      "accepts another handshake than ours",
      async () => raw((socket) => socket.write(accepting("sec-websocket-key: other"))),
      "bad-answer",
      "Invalid Sec-WebSocket-Accept header",
    ],
    [
      "breaks the protocol after the handshake",
      async () => serving((_peer, { socket }) => socket.write(Buffer.from([0xff, 0xff, 0xff]))),
      "bad-answer",
      "Invalid WebSocket frame",
    ],
    [
      "sends a longer message than allowed",
      async () => serving((peer) => peer.send("x".repeat(64 * 1024 + 1)), { autoPong: false }),
      "oversize",
      "a message is longer than 65536 bytes",
    ],
    [
      "sends a flood of messages",
      async () =>
        serving((peer) => {
          for (let sent = 0; sent < 20; sent += 1) {
            peer.send("x".repeat(60_000));
          }
        }),
      "oversize",
      "it sent more than 1048576 bytes before the answer to a ping",
    ],
    [
      "closes during the ping",
      async () =>
        serving((peer) => peer.on("ping", () => peer.close(1013, "try again")), {
          autoPong: false,
        }),
      "closed",
      "code 1013, while waiting for the answer to a ping",
    ],
    [
      "breaks off during the ping",
      async () =>
        serving((peer, { socket }) => peer.on("ping", () => socket.resetAndDestroy()), {
          autoPong: false,
        }),
      "closed",
      "code 1006, while waiting for the answer to a ping",
    ],
  ];

  it.each(faults)("%s", async (_name, open, reason, detail) => {
    const target = await open();

    const conversation = await dial(target, { expectMessage: "reading" });

    expect(conversation).toMatchObject({
      kind: "failed",
      reason,
      detail: expect.stringContaining(detail),
    });
    expect(await isDeserted(target)).toBe(true);
  });

  it("declines the handshake with a status and headers of its own", async () => {
    const target = await listening(
      createHttpServer().on("upgrade", (_request, socket) => {
        socket.end("HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n\r\nplease");
      }),
    );

    const conversation = await dial(target);

    expect(conversation).toMatchObject({
      kind: "declined",
      status: 429,
      headers: { "retry-after": "7" },
      milestones: [{ name: "connect" }],
    });
    expect(await isDeserted(target)).toBe(true);
  });

  it("declines the handshake and then never ends its answer", async () => {
    const target = await raw((socket) => {
      socket.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 9000\r\n\r\n");
      drip(socket, "x");
    });

    expect(await dial(target)).toMatchObject({ kind: "declined", status: 401 });
    expect(await isDeserted(target)).toBe(true);
  });
});

describe("what is not the target's doing", () => {
  it("is a name that cannot be resolved", async () => {
    const conversation = await websocket.converse(
      { url: "ws://rollwatch-test.invalid/", timeoutMs: 300 },
      NEVER,
    );

    expect(conversation).toMatchObject({ kind: "local", reason: "name-resolution" });
  });

  it("is a name that is not resolved in time", async () => {
    const over = AbortSignal.abort(new DOMException("over", "TimeoutError"));
    const impatient = openWebsocket({ ...createManualClock(), deadline: () => over });

    const conversation = await impatient.converse(
      { url: "ws://u:geheim@rollwatch-test.invalid/?key=k", timeoutMs: 300 },
      NEVER,
    );

    expect(conversation).toEqual({
      kind: "local",
      reason: "name-resolution",
      detail: "the name rollwatch-test.invalid was not resolved within 300 ms",
    });
  });

  it("is an abort: it is thrown, and the connection is gone", async () => {
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const target = await serving((peer) => peer.on("ping", () => controller.abort(reason)), {
      autoPong: false,
    });

    const conversing = websocket.converse(
      { url: `ws://127.0.0.1:${target.port}/`, timeoutMs: 5000 },
      controller.signal,
    );

    await expect(conversing).rejects.toBe(reason);
    expect(await isDeserted(target)).toBe(true);
  });
});
