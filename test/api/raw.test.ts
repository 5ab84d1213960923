import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Api, openApi } from "../../src/api/server.ts";
import { fakeActions } from "../support/fakes/actions.ts";
import { fakeOperations } from "../support/fakes/operations.ts";
import { ask, servedPorts, TOKENS } from "../support/served.ts";

const LIMIT_MS = 300;
const RIGHT = `authorization: Bearer ${TOKENS.grace}\r\n`;
const PAUSE = `{"reason":"x","forMs":null}`;
const HEAD = `POST /api/v1/pause HTTP/1.1\r\nhost: 127.0.0.1\r\n${RIGHT}content-type: application/json\r\n`;

let folder = "";
let api: Api;
let calls: (readonly unknown[])[] = [];
let metrics = "up 1\n";
let sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwG-"));
  metrics = "up 1\n";
  sockets = [];
  const fake = fakeActions();
  calls = fake.calls;
  const operations = {
    ...fakeOperations(),
    status: async () => {
      throw new Error("reading was not meant to be reached");
    },
  };
  const ports = servedPorts({
    actions: fake.actions,
    operations,
    metrics: { contentType: "text/plain", render: async () => metrics },
  });
  api = await openApi(ports, {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
    requestTimeoutMs: LIMIT_MS,
  });
});

afterEach(async () => {
  for (const socket of sockets) {
    socket.destroy();
  }
  await api.close();
  await rm(folder, { recursive: true });
});

function dial(): Socket {
  const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.destroyed) {
    await new Promise<void>((resolve) => {
      socket.once("close", () => {
        resolve();
      });
    });
  }
}

/** The status codes of all that comes back for these bytes until the connection is closed. */
async function sendRaw(bytes: string | Buffer): Promise<readonly number[]> {
  const socket = dial();
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => {
    text += part;
  });
  socket.write(bytes);
  await ended(socket);
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gmu)].map(([, status]) => Number(status));
}

describe("one request that could be read as two", () => {
  const smuggled = "GET /api/v1/status HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

  it.each([
    ["a length and chunks", "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["chunks and a length", "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n"],
    ["two lengths", "content-length: 0\r\ncontent-length: 60\r\n\r\n"],
    ["a list of lengths", "content-length: 0, 60\r\n\r\n"],
    ["a signed length", "content-length: +0\r\n\r\n"],
    ["a length in hexadecimal", "content-length: 0x0\r\n\r\n"],
    ["chunks by another name", "transfer-encoding: xchunked\r\n\r\n"],
    ["chunks that are not last", "transfer-encoding: chunked, identity\r\n\r\n"],
    ["a space before the colon", "transfer-encoding : chunked\r\n\r\n"],
    ["a folded header", "x-a: b\r\n transfer-encoding: chunked\r\n\r\n"],
    ["a chunk's size with a sign", "transfer-encoding: chunked\r\n\r\n-1\r\n"],
    ["a NUL in a header", "x-a: b\0c\r\n\r\n"],
    ["a lone line feed", "x-a: b\ntransfer-encoding: chunked\r\n\r\n"],
  ])("%s ends the connection", async (_what, rest) => {
    const statuses = await sendRaw(`${HEAD}${rest}${smuggled}`);

    expect(statuses).toEqual([400]);
    expect(calls).toEqual([]);
  });
});

describe("a first line that is unusual", () => {
  const rest = `host: 127.0.0.1\r\n${RIGHT}connection: close\r\n\r\n`;

  it.each([
    ["another host's address", "GET http://evil.example/api/v1/status HTTP/1.1", 421],
    ["two slashes", "GET //api/v1/status HTTP/1.1", 404],
    ["slashes within", "GET /api//v1///status HTTP/1.1", 404],
    ["a step up", "GET /healthz/../api/v1/status HTTP/1.1", 404],
    ["an encoded step up", "GET /healthz/%2e%2e/api/v1/status HTTP/1.1", 404],
    ["an encoded slash", "GET /api%2fv1%2fstatus HTTP/1.1", 404],
    ["a back slash", "GET \\api\\v1\\status HTTP/1.1", 400],
    ["capitals", "GET /API/V1/STATUS HTTP/1.1", 404],
    ["a slash at the end", "GET /api/v1/status/ HTTP/1.1", 404],
    ["a semicolon", "GET /healthz;/api/v1/status HTTP/1.1", 404],
    ["bytes that are no text", "GET /api/v1/releases/%ff%fe HTTP/1.1", 400],
    ["a NUL", "GET /api/v1/releases/%00 HTTP/1.1", 404],
    ["a bare percent sign", "GET /api/v1/releases/% HTTP/1.1", 400],
    ["an asterisk", "OPTIONS * HTTP/1.1", 421],
    ["OPTIONS", "OPTIONS /api/v1/status HTTP/1.1", 405],
    ["TRACE", "TRACE /api/v1/status HTTP/1.1", 404],
    ["a method of WebDAV", "PROPFIND /api/v1/status HTTP/1.1", 404],
    ["no method at all", "STEAL /api/v1/status HTTP/1.1", 400],
    ["a version that is none", "GET /api/v1/status HTTP/9.9", 400],
  ])("with %s reaches nothing", async (_what, line, status) => {
    const statuses = await sendRaw(`${line}\r\n${rest}`);

    expect(statuses).toEqual([status]);
    expect(calls).toEqual([]);
  });

  it.each([
    ["no Host", "", 400],
    ["two Hosts, the second another's", "host: 127.0.0.1\r\nhost: evil.example\r\n", 421],
    ["two Hosts, the first another's", "host: evil.example\r\nhost: 127.0.0.1\r\n", 421],
    ["two tokens", `host: 127.0.0.1\r\nauthorization: Bearer x\r\n${RIGHT}`, 401],
    ["two Origins", `host: 127.0.0.1\r\norigin: http://127.0.0.1\r\norigin: null\r\n${RIGHT}`, 403],
  ])("with %s reaches nothing", async (_what, headers, status) => {
    const statuses = await sendRaw(
      `GET /api/v1/status HTTP/1.1\r\n${headers}connection: close\r\n\r\n`,
    );

    expect(statuses).toEqual([status]);
  });

  it.each([
    [
      "a WebSocket",
      "connection: close, upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n",
    ],
    [
      "HTTP/2",
      "connection: close, upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n",
    ],
  ])("%s is not opened: the request is answered as any other", async (_what, upgrade) => {
    const statuses = await sendRaw(
      `GET /api/v1/status HTTP/1.1\r\nhost: 127.0.0.1\r\n${upgrade}\r\n`,
    );

    expect(statuses).toEqual([401]);
  });

  it("CONNECT makes no proxy of it", async () => {
    const statuses = await sendRaw(`CONNECT 127.0.0.1:22 HTTP/1.1\r\n${rest}`);

    expect(statuses).toEqual([]);
  });

  it.each([
    ["one long header", `x-a: ${"a".repeat(20_000)}\r\n`],
    ["many headers", Array.from({ length: 4000 }, (_, at) => `x-${at}: a\r\n`).join("")],
    ["a long path", null],
  ])("%s is too much", async (_what, headers) => {
    const line =
      headers === null
        ? `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${rest}`
        : `GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}\r\n`;

    const statuses = await sendRaw(line);

    expect(statuses).toEqual([431]);
  });
});

describe("a body that is made to hurt", () => {
  it.each([
    ["thirty thousand arrays deep", `${"[".repeat(30_000)}${"]".repeat(30_000)}`, 400],
    ["ten thousand objects deep", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, 400],
    ["full of unknown keys", `{${unknownKeys(5000)},"reason":"x","forMs":null}`, 400],
    ["with a prototype", '{"__proto__":{"forMs":null},"reason":"x","forMs":null}', 400],
    ["with an escaped prototype", '{"\\u005f_proto__":{"x":1},"reason":"x","forMs":null}', 400],
    ["with a constructor", '{"constructor":{"prototype":{"x":1}},"reason":"x","forMs":null}', 400],
    ["a number beyond all", '{"reason":"x","forMs":1e999}', 400],
    ["two values", `${PAUSE}${PAUSE}`, 400],
    ["with a byte order mark and more", `\u{FEFF}${PAUSE}x`, 400],
    ["with a NUL in its words", '{"reason":"a\\u0000b","forMs":null}', 400],
    [
      "with a line of its own in its words",
      '{"reason":"a\\r\\nApproved by Ada","forMs":null}',
      400,
    ],
    ["with a terminal's escape", '{"reason":"a\\u001b[2Jb","forMs":null}', 400],
    ["written backwards", '{"reason":"a\\u202eb","forMs":null}', 400],
    ["with half a character", '{"reason":"a\\ud800","forMs":null}', 400],
  ])("%s is refused", async (_what, body, status) => {
    const length = Buffer.byteLength(body);

    const statuses = await sendRaw(
      `${HEAD}connection: close\r\ncontent-length: ${length}\r\n\r\n${body}`,
    );

    expect(statuses).toEqual([status]);
    expect(calls).toEqual([]);
    expect(Object.keys({}.constructor.prototype)).toEqual([]);
  });

  it("that is no UTF-8 is refused", async () => {
    const body = Buffer.concat([
      Buffer.from('{"reason":"a'),
      Buffer.from([0xff, 0xc0, 0x80]),
      Buffer.from('","forMs":null}'),
    ]);
    const head = Buffer.from(`${HEAD}connection: close\r\ncontent-length: ${body.length}\r\n\r\n`);

    expect(await sendRaw(Buffer.concat([head, body]))).toEqual([400]);
    expect(calls).toEqual([]);
  });

  it("that says the same key twice counts once, by its last word", async () => {
    const body = '{"reason":"x","forMs":1,"forMs":60000}';

    await sendRaw(`${HEAD}connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);

    expect(calls).toMatchObject([["pause", { reason: "x", forMs: 60_000 }, { name: "Grace" }]]);
  });

  it("in chunks is as long as any other", async () => {
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;

    const statuses = await sendRaw(`${HEAD}transfer-encoding: chunked\r\n\r\n${chunk.repeat(6)}`);

    expect(statuses).toEqual([413]);
  });
});

describe("a client that takes its time", () => {
  it("is let go when it never says a word", { timeout: 5000 }, async () => {
    expect(await sendRaw("")).toEqual([408]);
  });

  it("is let go when its body drips", { timeout: 5000 }, async () => {
    const socket = dial().resume();
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    const drip = setInterval(() => socket.write("1\r\nx\r\n"), 20);

    await ended(socket);
    clearInterval(drip);

    expect(calls).toEqual([]);
  });

  it("is let go when it reads nothing of its answer", { timeout: 10_000 }, async () => {
    metrics = "x".repeat(32 * 1024 * 1024);
    const socket = dial();
    socket.pause();

    socket.write("GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");

    await untilEnds(2);
    await untilEnds(1);
    expect(socket.destroyed).toBe(false);
  });

  it("cannot hold more than its share of connections", { timeout: 10_000 }, async () => {
    const held = Array.from({ length: 300 }, () => dial());

    const open = await Promise.all(held.map(isAnswered));

    expect(open.filter(Boolean)).toHaveLength(256);
    const own = { socketPath: join(folder, "rollwatch.sock"), path: "/healthz" };
    expect((await ask(own)).status).toBe(200);
  });
});

function unknownKeys(count: number): string {
  return Array.from({ length: count }, (_, at) => `"k${at}":1`).join(",");
}

/** Waits until this process has so many ends of TCP connections: the client's own, and the server's while it keeps it. */
async function untilEnds(count: number): Promise<void> {
  while (ends() !== count) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

function ends(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
}

/** Whether the server answers on a connection: those beyond its share are closed as they come. */
async function isAnswered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("data", () => {
      resolve(true);
    });
    socket.once("close", () => {
      resolve(false);
    });
    socket.write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
  });
}
