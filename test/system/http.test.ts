import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { type Answer, openHttp } from "../../src/system/http.ts";
import { httpContract } from "../contracts/http.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { anAnswer, fakeHttp } from "../support/fakes/http.ts";

const NEVER = new AbortController().signal;
const http = openHttp(openClock());
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

/** A server on a port of its own that is closed, with all its connections, after the test. */
async function listening(server: Server): Promise<number> {
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
  return portOf(server);
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  return address.port;
}

/** Asks a raw TCP server: `behave` has the connection. */
async function askRaw(behave: (socket: Socket) => void, timeoutMs = 2000): Promise<Answer> {
  const port = await listening(createServer((socket) => socket.once("data", () => behave(socket))));
  return askPort(port, timeoutMs);
}

async function askHttp(listener: RequestListener, timeoutMs = 2000): Promise<Answer> {
  return askPort(await listening(createHttpServer(listener)), timeoutMs);
}

async function askPort(port: number, timeoutMs: number): Promise<Answer> {
  return http.ask(
    { url: `http://127.0.0.1:${port}/health`, timeoutMs, maxBodyBytes: 10_000 },
    NEVER,
  );
}

/** Writes `part` every few milliseconds until the other side goes away. */
function drip(socket: Socket, part: string): void {
  const timer = setInterval(() => socket.write(part), 5);
  socket.once("close", () => {
    clearInterval(timer);
  });
}

httpContract("the real one", async () => {
  const server = createHttpServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => response.end(`${request.method} ${body}`));
  });
  return { http, url: `http://127.0.0.1:${await listening(server)}/` };
});

httpContract("the fake", async () => {
  const fake = fakeHttp();
  fake.answerBy(({ method = "GET", body = "" }) => anAnswer({ body: `${method} ${body}` }));
  return { http: fake, url: "http://127.0.0.1:1/" };
});

describe("an answer", () => {
  it("comes with status, headers, body and the time each part took", async () => {
    const answer = await askHttp((request, response) => {
      response.writeHead(418, { "x-asked": request.url ?? "", "set-cookie": ["a=1", "b=2"] });
      response.end("grüße");
    });

    expect(answer).toMatchObject({
      kind: "answered",
      status: 418,
      headers: { "x-asked": "/health", "set-cookie": "a=1, b=2" },
      body: "grüße",
    });
    const phases = answer.kind === "answered" ? answer.phases : undefined;
    // A numeric address needs no resolving, and plain HTTP no TLS.
    expect(Object.keys(phases ?? {})).toEqual(["connectMs", "firstByteMs", "totalMs"]);
    expect(phases?.connectMs).toBeGreaterThan(0);
    expect(phases?.firstByteMs).toBeGreaterThanOrEqual(phases?.connectMs ?? Infinity);
    expect(phases?.totalMs).toBeGreaterThanOrEqual(phases?.firstByteMs ?? Infinity);
  });

  it("comes from a name with the time of its resolving", async () => {
    const port = await listening(createHttpServer((_request, response) => response.end()));

    const answer = await http.ask(
      { url: `http://localhost:${port}/`, timeoutMs: 2000, maxBodyBytes: 10 },
      NEVER,
    );

    const phases = answer.kind === "answered" ? answer.phases : undefined;
    expect(phases?.resolveMs).toBeGreaterThan(0);
    expect(phases?.connectMs).toBeGreaterThanOrEqual(phases?.resolveMs ?? Infinity);
  });

  it("is asked for uncompressed, with the given headers, on a connection of its own", async () => {
    let asked: Readonly<Record<string, unknown>> = {};
    const port = await listening(
      createHttpServer((request, response) => {
        asked = request.headers;
        response.end();
      }),
    );

    await http.ask(
      {
        url: `http://127.0.0.1:${port}/`,
        timeoutMs: 2000,
        maxBodyBytes: 10,
        headers: { "x-probe": "yes" },
      },
      NEVER,
    );

    expect(asked).toMatchObject({
      "accept-encoding": "identity",
      connection: "close",
      "x-probe": "yes",
    });
  });

  it("is a redirect where the target redirects: nobody follows", async () => {
    const answer = await askHttp((_request, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/" });
      response.end();
    });

    expect(answer).toMatchObject({ kind: "answered", status: 302 });
  });

  it("may be exactly as long as allowed", async () => {
    const answer = await askHttp((_request, response) => response.end("x".repeat(10_000)));

    expect(answer).toMatchObject({ kind: "answered" });
  });
});

describe("a target that misbehaves", () => {
  it("refuses", async () => {
    const server = createServer();
    const port = await listening(server);
    await closers.pop()?.();

    const answer = await askPort(port, 2000);

    expect(answer).toMatchObject({ kind: "failed", reason: "refused" });
  });

  it("closes without a word", async () => {
    const answer = await askRaw((socket) => socket.end());

    expect(answer).toMatchObject({ kind: "failed", reason: "reset" });
  });

  it("resets before the answer", async () => {
    const answer = await askRaw((socket) => socket.resetAndDestroy());

    expect(answer).toMatchObject({ kind: "failed", reason: "reset" });
  });

  it("resets in the middle of the body", async () => {
    const answer = await askRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () =>
        socket.resetAndDestroy(),
      );
    });

    expect(answer).toMatchObject({ kind: "failed", reason: "reset" });
  });

  it("ends before the promised length", async () => {
    const answer = await askRaw((socket) =>
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
    );

    expect(answer).toMatchObject({ kind: "failed", reason: "reset" });
  });

  it("switches to a protocol that nobody asked for", async () => {
    const answer = await askRaw((socket) =>
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
      ),
    );

    expect(answer).toMatchObject({ kind: "failed", reason: "reset" });
  });

  it("accepts and never answers", async () => {
    const answer = await askRaw(() => undefined, 60);

    expect(answer).toMatchObject({
      kind: "failed",
      reason: "timeout",
      detail: "no whole answer within 60 ms",
      phases: { connectMs: expect.any(Number), totalMs: expect.any(Number) },
    });
  });

  it("drips its body so that it never ends", async () => {
    const answer = await askRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n");
      drip(socket, "x");
    }, 80);

    expect(answer).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("drips its headers so that they never end", async () => {
    const answer = await askRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      drip(socket, "a: b\r\n");
    }, 80);

    expect(answer).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("sends early hints for ever", async () => {
    const answer = await askRaw((socket) => drip(socket, "HTTP/1.1 103 Early Hints\r\n\r\n"), 80);

    expect(answer).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("answers whole but never ends a body of no stated length", async () => {
    const answer = await askRaw((socket) => socket.write("HTTP/1.1 200 OK\r\n\r\n{}"), 60);

    expect(answer).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("sends more headers than a sane answer has", async () => {
    const answer = await askRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      socket.write(`x-long: ${"y".repeat(200_000)}\r\n\r\n`);
    });

    expect(answer).toMatchObject({
      kind: "failed",
      reason: "bad-answer",
      detail: expect.stringContaining("HPE_HEADER_OVERFLOW"),
    });
  });

  it("sends an endless body fast, and is left after the limit", async () => {
    let sent = 0;
    const answer = await askHttp((_request, response) => {
      function pour(): void {
        while (!response.destroyed && response.write("x".repeat(1000))) {
          sent += 1000;
        }
      }
      response.on("drain", pour);
      pour();
    });

    expect(answer).toMatchObject({
      kind: "failed",
      reason: "oversize",
      detail: "the body is longer than 10000 bytes",
    });
    expect(sent).toBeLessThan(20_000_000);
  });

  it("sends a compressed bomb that nobody asked for", async () => {
    const answer = await askHttp((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(Buffer.alloc(200_000_000 / 8)));
    });

    expect(answer).toMatchObject({
      kind: "failed",
      reason: "bad-answer",
      detail: "the body is gzip, which was not asked for",
    });
  });

  it("talks something that is no HTTP", async () => {
    const answer = await askRaw((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));

    expect(answer).toMatchObject({ kind: "failed", reason: "bad-answer" });
  });

  it("talks plain HTTP where TLS was expected", async () => {
    const port = await listening(createHttpServer((_request, response) => response.end()));

    const answer = await http.ask(
      { url: `https://127.0.0.1:${port}/`, timeoutMs: 2000, maxBodyBytes: 10 },
      NEVER,
    );

    expect(answer).toMatchObject({ kind: "failed", reason: "tls" });
  });
});

describe("what is not the target's doing", () => {
  it("is a name that cannot be resolved", async () => {
    const answer = await http.ask(
      { url: "http://rollwatch-test.invalid/", timeoutMs: 300, maxBodyBytes: 10 },
      NEVER,
    );

    expect(answer).toMatchObject({ kind: "local", reason: "name-resolution" });
  });

  it("is a name that is not resolved in time", async () => {
    const over = AbortSignal.abort(new DOMException("over", "TimeoutError"));
    const impatient = openHttp({ ...createManualClock(), deadline: () => over });

    const answer = await impatient.ask(
      { url: "http://u:geheim@rollwatch-test.invalid/?key=k", timeoutMs: 300, maxBodyBytes: 10 },
      NEVER,
    );

    expect(answer).toEqual({
      kind: "local",
      reason: "name-resolution",
      detail: "the name rollwatch-test.invalid was not resolved within 300 ms",
    });
  });

  it("is an abort: it is thrown, never told as an answer", async () => {
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const port = await listening(
      createServer(() => {
        controller.abort(reason);
      }),
    );

    const asking = http.ask(
      { url: `http://127.0.0.1:${port}/`, timeoutMs: 5000, maxBodyBytes: 10 },
      controller.signal,
    );

    await expect(asking).rejects.toBe(reason);
  });
});

describe("time", () => {
  it("is that of the clock: the deadline falls when the clock says so", async () => {
    const clock = createManualClock();
    const server = createServer();
    const port = await listening(server);

    const asking = openHttp(clock).ask(
      { url: `http://127.0.0.1:${port}/`, timeoutMs: 60_000, maxBodyBytes: 10 },
      NEVER,
    );
    const [socket]: readonly Socket[] = await once(server, "connection");
    await once(socket ?? server, "data");
    await clock.advance(60_000);

    expect(await asking).toMatchObject({
      kind: "failed",
      reason: "timeout",
      phases: { totalMs: 60_000 },
    });
  });
});
