import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Reading } from "../../src/model/sample.ts";
import type { Probe } from "../../src/observe/probe.ts";
import { CommandProbeSettings, createCommandProbe } from "../../src/observe/probes/command.ts";
import { createDnsProbe, DnsProbeSettings } from "../../src/observe/probes/dns.ts";
import {
  createHttpSequenceProbe,
  HttpSequenceProbeSettings,
} from "../../src/observe/probes/http-sequence.ts";
import { createHttpProbe, HttpProbeSettings } from "../../src/observe/probes/http.ts";
import {
  createPrometheusProbe,
  PrometheusProbeSettings,
} from "../../src/observe/probes/prometheus.ts";
import { createScrapeProbe, ScrapeProbeSettings } from "../../src/observe/probes/scrape.ts";
import { createTcpProbe, TcpProbeSettings } from "../../src/observe/probes/tcp.ts";
import { createTlsProbe, TlsProbeSettings } from "../../src/observe/probes/tls.ts";
import {
  createWebsocketProbe,
  WebsocketProbeSettings,
} from "../../src/observe/probes/websocket.ts";
import { openScrapes } from "../../src/observe/scrapes.ts";
import { openMetricsFolders } from "../../src/system/metrics-folder.ts";
import { openCertificates } from "../../src/system/certificates.ts";
import { openClock } from "../../src/system/clock.ts";
import { openHttp } from "../../src/system/http.ts";
import { openProcesses } from "../../src/system/process.ts";
import { openResolver } from "../../src/system/resolver.ts";
import { openTcp } from "../../src/system/tcp.ts";
import { openWebsocket } from "../../src/system/websocket.ts";
import { type NameServer, openNameServer, text, zoneOf } from "../support/name-server.ts";
import { closeServers, listeningPort } from "../support/servers.ts";
import { withTempFolder } from "../support/temp.ts";

const NEVER = new AbortController().signal;
const clock = openClock();
const http = openHttp(clock);
const MEBIBYTE = 1024 ** 2;
/** So much more memory than before a run may be in use at some moment of it, the hostile server's own included. */
const MOST_GROWTH_BYTES = 200 * MEBIBYTE;
/** So much later than it wants to a run may end: these tests share a busy machine. */
const PATIENCE_MS = 5000;

afterEach(closeServers);

/** What a run of a probe came to, with what it took of time and memory. */
interface Survived {
  readonly reading: Reading;
  readonly tookMs: number;
  readonly grownBytes: number;
}

async function survive(probe: Probe): Promise<Survived> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const started = clock.monotonic();
  try {
    const reading = await probe.sample(NEVER);
    const tookMs = clock.monotonic() - started;
    most = Math.max(most, process.memoryUsage().rss);
    return { reading, tookMs, grownBytes: most - before };
  } finally {
    clearInterval(watching);
  }
}

/** The reading, once it is sure that it cost no more than it may. */
async function tamely(probe: Probe): Promise<Reading> {
  const { reading, tookMs, grownBytes } = await survive(probe);
  expect(tookMs).toBeLessThan(probe.timeoutMs + PATIENCE_MS);
  expect(grownBytes).toBeLessThan(MOST_GROWTH_BYTES);
  expect(reading.detail.length).toBeLessThan(700);
  expect(reading.detail).not.toMatch(/\p{Cc}/u);
  return reading;
}

const TIMES = { interval: "5s", timeout: "400ms" };

function httpProbe(url: string, more: object = {}): Probe {
  const settings = HttpProbeSettings.parse({ kind: "http", url, ...TIMES, ...more });
  return createHttpProbe("http", settings, { http });
}

function sequenceProbe(url: string, more: object = {}): Probe {
  const steps = [{ name: "one", url, ...more }];
  const settings = HttpSequenceProbeSettings.parse({ kind: "http-sequence", steps, ...TIMES });
  return createHttpSequenceProbe("sequence", settings, { http, clock, secrets: [] });
}

function scrapeProbe(url: string, more: object = {}): Probe {
  const measure = { measure: "gauge", metric: "pool", ...more };
  const settings = ScrapeProbeSettings.parse({ kind: "scrape", url, ...TIMES, ...measure });
  return createScrapeProbe("scrape", settings, {
    scrapes: openScrapes({ http, clock, metricsFolders: openMetricsFolders(clock) }),
    limit: 1,
  });
}

function prometheusProbe(url: string, more: object = {}): Probe {
  const settings = { kind: "prometheus", url, query: "up", ...TIMES, ...more };
  const ports = { http, clock, secrets: [] };
  return createPrometheusProbe("prometheus", PrometheusProbeSettings.parse(settings), ports);
}

function websocketProbe(port: number, more: object = {}): Probe {
  const url = `ws://127.0.0.1:${port}/live`;
  const settings = WebsocketProbeSettings.parse({ kind: "websocket", url, ...TIMES, ...more });
  return createWebsocketProbe("websocket", settings, { websocket: openWebsocket(clock) });
}

/** A server that has the raw connection once something was asked. */
async function raw(behave: (socket: Socket, asked: string) => void): Promise<string> {
  const server = createServer((socket) =>
    socket.once("data", (asked) => behave(socket, asked.toString())),
  );
  return `http://127.0.0.1:${await listeningPort(server)}`;
}

async function answering(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listeningPort(createHttpServer(listener))}`;
}

/** A server whose every answer is a page of this text. */
async function saying(body: string | Buffer): Promise<string> {
  return answering((_request, response) => response.end(body));
}

/** Writes one part after the other for as long as the other side takes them. */
function pour(socket: Socket, part: string | Buffer): void {
  function more(): void {
    let isTaken = true;
    // In rounds, so that the client in this process has its turn.
    for (let round = 0; isTaken && round < 50 && !socket.destroyed; round += 1) {
      isTaken = socket.write(part);
    }
    if (isTaken && !socket.destroyed) {
      setImmediate(more);
    }
  }
  socket.on("drain", more);
  more();
}

/** Writes one part at a time. */
function drip(socket: Socket, part: string): void {
  const timer = setInterval(() => socket.write(part), 20);
  socket.once("close", () => clearInterval(timer));
}

/** 200 MB in 200 kB; its parts are the same, so that the test itself needs no 200 MB. */
function bomb(): Buffer {
  const part = gzipSync(Buffer.alloc(10_000_000));
  return Buffer.concat(Array.from({ length: 20 }, () => part));
}

const OK = "HTTP/1.1 200 OK\r\n";

/** What a target does to whoever asks it over HTTP. */
const CONDUCTS: Readonly<Record<string, () => Promise<string>>> = {
  "sends 200 kB of gzip that become 200 MB": async () => {
    const packed = bomb();
    return answering((_request, response) => {
      response.setHeader("content-encoding", "gzip");
      response.end(packed);
    });
  },
  "sends headers without end": async () =>
    raw((socket) => {
      socket.write(OK);
      pour(socket, "x-more: yes\r\n".repeat(100));
    }),
  "sends a body without end": async () =>
    raw((socket) => {
      socket.write(`${OK}\r\n`);
      pour(socket, Buffer.alloc(64 * 1024, "x"));
    }),
  "sends trailers without end": async () =>
    raw((socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`);
      pour(socket, "x-more: yes\r\n".repeat(100));
    }),
  "sends a chunk's extension without end": async () =>
    raw((socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n1;a=`);
      pour(socket, "x".repeat(1000));
    }),
  "sends its head one byte at a time": async () => raw((socket) => drip(socket, "H")),
  "sends its body one byte at a time": async () =>
    raw((socket) => {
      socket.write(`${OK}content-length: 9000\r\n\r\n`);
      drip(socket, "x");
    }),
  "says nothing": async () => raw(() => undefined),
  "says that its body has a negative length": async () =>
    raw((socket) => socket.end(`${OK}content-length: -5\r\n\r\nx`)),
  "has two opinions of its length": async () =>
    raw((socket) => socket.end(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nxy`)),
  "redirects to itself for ever": async () =>
    answering((_request, response) => {
      response.writeHead(302, { location: `/again?secret=${"x".repeat(9000)}` });
      response.end();
    }),
};

describe("a target that", () => {
  it.each(Object.entries(CONDUCTS))("%s is a proven fault of it", async (_name, open) => {
    const url = await open();

    const direct = await Promise.all([httpProbe(url), sequenceProbe(url)].map(tamely));
    const metrics = await Promise.all([scrapeProbe(url), prometheusProbe(url)].map(tamely));

    expect(direct).toMatchObject([
      { kind: "measured", value: 1 },
      { kind: "measured", value: 1 },
    ]);
    // An application is not sick because nobody can read its metrics.
    expect(metrics).toMatchObject([
      { kind: "absent", reason: "no-metrics" },
      { kind: "absent", reason: "no-metrics" },
    ]);
    expect(JSON.stringify([direct, metrics])).not.toContain("secret");
  });

  it("answers with JSON that is deep, odd, or no text at all is a proven fault of it", async () => {
    const bodies = [
      "[".repeat(900_000),
      '{"__proto__":{"status":"ok"}}',
      '{"constructor":{"status":"ok"}}',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      '{"status":1e400}',
    ];
    for (const body of bodies) {
      const url = await saying(body);
      const expectJson = { status: "ok" };

      const readings = await Promise.all(
        [
          httpProbe(url, { expectJson }),
          sequenceProbe(url, { expectJson }),
          sequenceProbe(url, { save: { v: "toString" } }),
        ].map(tamely),
      );

      expect(readings.map((one) => (one.kind === "measured" ? one.value : one))).toEqual([1, 1, 1]);
    }
  });
});

async function gauge(page: string | Buffer, more: object = {}): Promise<Reading> {
  return tamely(scrapeProbe(await saying(page), { timeout: "20s", ...more }));
}

describe("metrics", () => {
  it.each([
    ["NaN", "pool NaN"],
    ["beyond every number", "pool 1e400"],
    ["infinite", "pool +Inf"],
    ["no number", "pool 0x10"],
    ["infinite together", 'pool{a="1"} 1e308\npool{a="2"} 1e308'],
    ["a page of HTML", "<html><script>pool 1</script>"],
  ])("that are %s prove nothing", async (_name, page) => {
    expect(await gauge(page)).toMatchObject({ kind: "absent", reason: "no-metrics" });
  });

  it("with the names of an object's own parts are metrics as others", async () => {
    const page = '__proto__ 7\nconstructor{__proto__="x",toString="y"} 3\npool{__proto__="z"} 5\n';

    expect(await gauge(page)).toMatchObject({ kind: "measured", value: 5 });
    expect(await gauge(page, { metric: "__proto__" })).toMatchObject({ value: 7 });
    expect(await gauge(page, { metric: "constructor" })).toMatchObject({ value: 3 });
    expect(await gauge(page, { metric: "toString" })).toMatchObject({ kind: "absent" });
    expect(Object.prototype).not.toHaveProperty("x");
  });

  it("with invalid UTF-8 are read as far as they make sense", async () => {
    const page = Buffer.concat([
      Buffer.from('pool{a="'),
      Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
      Buffer.from('"} 5\n'),
    ]);

    expect(await gauge(page)).toMatchObject({ kind: "measured", value: 5 });
    expect(await gauge(Buffer.from([0xff, 0xfe, 0x00]))).toMatchObject({ kind: "absent" });
  });

  it.each([
    ["a million series", () => "pool 1\n".repeat(1_000_000)],
    ["a million short series", () => "a 1\n".repeat(1_000_000)],
    ["one line of megabytes", () => `pool{a="${"x".repeat(3_900_000)}"} 1\n`],
    ["a line of open braces", () => `pool${"{".repeat(3_900_000)}`],
    ["a line of escapes", () => `pool{a="${"\\".repeat(3_900_001)}"} 1\n`],
    ["a line of blanks", () => `pool${" ".repeat(3_900_000)}x`],
  ])("of %s prove nothing", async (_name, page) => {
    expect(await gauge(page())).toMatchObject({ kind: "absent", reason: "no-metrics" });
  });

  it("of as many series as are read are read in time", async () => {
    const series = Array.from({ length: 90_000 }, (_, place) => `pool{a="${place}"} 1`).join("\n");

    expect(await gauge(series, { over: "pool", aggregate: "max" })).toMatchObject({
      kind: "measured",
      value: 1,
    });
  });

  it("that count more requests than there can be prove nothing", async () => {
    let count = 0;
    const url = await answering((_request, response) => {
      count += 1;
      response.end(`requests{status="200"} ${count}e300\nrequests{status="500"} ${count}e17\n`);
    });
    // Each scrape is a new one.
    const scrapes = openScrapes({ http, clock, metricsFolders: openMetricsFolders(clock) });
    const fresh = {
      scrape: async (target: Parameters<typeof scrapes.scrape>[0]) =>
        scrapes.scrape({ ...target, maxAgeMs: 0 }, NEVER),
    };
    const settings = ScrapeProbeSettings.parse({
      kind: "scrape",
      url,
      ...TIMES,
      measure: "errors",
      metric: "requests",
    });
    const probe = createScrapeProbe("scrape", settings, { scrapes: fresh, limit: 0.05 });

    await tamely(probe);

    expect(await tamely(probe)).toMatchObject({ kind: "absent", reason: "no-metrics" });
  });
});

function vector(...values: readonly string[]): string {
  const at = Date.now() / 1000;
  const result = values.map((value) => `{"metric":{"__proto__":"x"},"value":[${at},"${value}"]}`);
  return `{"status":"success","data":{"resultType":"vector","result":[${result.join()}]}}`;
}

describe("an answer of Prometheus", () => {
  it.each([
    ["NaN", vector("NaN")],
    ["beyond every number", vector("1e400")],
    ["infinite together", vector("1e308", "1e308")],
    ["an error", '{"status":"error","errorType":"bad_data","error":"no\\u001b[31m query"}'],
    ["a number for a time that never was", vector("1").replace(/\[\d+/u, "[1e300")],
    ["nested without end", "[".repeat(1_000_000)],
  ])("that is %s proves nothing", async (_name, body) => {
    const probe = prometheusProbe(await saying(body), { aggregate: "sum" });

    expect(await tamely(probe)).toMatchObject({ kind: "absent" });
  });

  it("of more series than anybody asks for is read, or proves nothing", async () => {
    const at = Math.round(Date.now() / 1000);
    const result = `{"value":[${at},"1"]},`.repeat(150_000).slice(0, -1);
    const body = `{"status":"success","data":{"resultType":"vector","result":[${result}]}}`;
    const probe = prometheusProbe(await saying(body), { aggregate: "max", timeout: "20s" });

    expect(await tamely(probe)).toMatchObject({ kind: "measured", value: 1 });
  });
});

/** An answer that completes the handshake that was asked for. */
function accepting(asked: string): string {
  const key = /^sec-websocket-key: (\S+)/imu.exec(asked)?.[1] ?? "";
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
}

const CONTINUATION = 0;
const TEXT = 1;
const PING = 9;
const PONG = 10;

/** A frame of WebSocket, unmasked as servers send it; at most 125 bytes. */
function frame(opcode: number, payload = ""): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), Buffer.from(payload)]);
}

/** The port of a server that says one thing and then the other for ever, and reads nothing of what is said to it. */
async function flooding(part: Buffer, first = Buffer.alloc(0)): Promise<number> {
  const many = Buffer.concat(Array.from({ length: 500 }, () => part));
  const url = await raw((socket, asked) => {
    socket.pause();
    socket.write(accepting(asked));
    socket.write(first);
    pour(socket, many);
  });
  return Number(new URL(url).port);
}

describe("a WebSocket server that", () => {
  it.each([
    ["messages", frame(TEXT, "x".repeat(120)), "its answer is too long"],
    ["empty messages", frame(TEXT), "its answer is too long"],
    ["pongs", frame(PONG, "other"), "its answer is too long"],
    // Whose answers it does not read: `ws` keeps no more than a few of them.
    ["pings", frame(PING, "x".repeat(125)), "while waiting for the answer to a ping"],
  ])("floods with %s has failed", async (_name, part, words) => {
    const port = await flooding(part);

    const reading = await tamely(websocketProbe(port, { expectMessage: "no", timeout: "10s" }));

    expect(reading).toMatchObject({
      kind: "measured",
      value: 1,
      detail: expect.stringContaining(words),
    });
  });

  it("floods with parts of a message that never ends has failed", async () => {
    const port = await flooding(Buffer.from([CONTINUATION, 0]), Buffer.from([TEXT, 0]));

    const reading = await tamely(websocketProbe(port, { expectMessage: "no" }));

    expect(reading).toMatchObject({ kind: "measured", value: 1 });
  });

  it.each([
    ["half-opens: it accepts and is gone", accepting],
    ["sends its handshake one byte at a time", undefined],
    [
      "sends a frame of impossible length",
      (asked: string) => `${accepting(asked)}\u0002\u007f${"\u007f".repeat(8)}`,
    ],
  ])("%s has failed", async (_name, say) => {
    const url = await raw((socket, asked) => {
      socket.pause();
      if (say === undefined) {
        drip(socket, "H");
      } else {
        socket.write(Buffer.from(say(asked), "latin1"));
      }
    });

    expect(await tamely(websocketProbe(Number(new URL(url).port)))).toMatchObject({
      kind: "measured",
      value: 1,
    });
  });
});

function tcpProbe(port: number): Probe {
  const address = `127.0.0.1:${port}`;
  const settings = TcpProbeSettings.parse({ kind: "tcp", address, timeout: "20s" });
  return createTcpProbe("tcp", settings, { tcp: openTcp(clock) });
}

function tlsProbe(port: number): Probe {
  const address = `127.0.0.1:${port}`;
  const settings = TlsProbeSettings.parse({ kind: "tls", address, ...TIMES });
  return createTlsProbe("tls", settings, { certificates: openCertificates(clock), clock });
}

describe("a port that", () => {
  it("floods is taken, but shows no certificate", async () => {
    const server = createServer((socket) => pour(socket, Buffer.alloc(64 * 1024)));
    const port = await listeningPort(server);

    expect(await tamely(tcpProbe(port))).toMatchObject({ kind: "measured", value: 0 });
    expect(await tamely(tlsProbe(port))).toMatchObject({ kind: "measured", value: 1 });
  });

  it("speaks TLS one byte at a time shows no certificate", async () => {
    const server = createServer((socket) => drip(socket, "\u0016"));

    expect(await tamely(tlsProbe(await listeningPort(server)))).toMatchObject({
      kind: "measured",
      value: 1,
    });
  });
});

describe("a name server that", () => {
  const servers: NameServer[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      await server.close();
    }
  });

  async function ask(name: string, type: string, timeout = "20s"): Promise<Reading> {
    const evil = Buffer.from([250, ...Array.from({ length: 250 }, () => 0x1b)]);
    const zone = zoneOf(
      {
        "odd.test TXT": [evil, text("__proto__"), text("\n")],
        "short.test A": [Buffer.from([1])],
        "loop.test CNAME": [Buffer.from([0xc0, 0x0c])],
      },
      { "silent.test": "silence" },
    );
    const server = await openNameServer(zone);
    servers.push(server);
    const settings = { kind: "dns", name, type, server: server.address, timeout };
    const ports = { resolver: openResolver(clock) };
    return tamely(createDnsProbe("dns", DnsProbeSettings.parse(settings), ports));
  }

  it("says what cannot be shown is quoted without it", async () => {
    expect(await ask("odd.test", "TXT")).toMatchObject({ kind: "measured", value: 0 });
  });

  it("says nonsense proves nothing", async () => {
    expect(await ask("short.test", "A")).toMatchObject({ kind: "absent" });
  });

  it("says nothing proves nothing", async () => {
    expect(await ask("silent.test", "A", "400ms")).toMatchObject({ kind: "absent" });
  });

  it("leads in a circle is let be", async () => {
    expect(await ask("loop.test", "CNAME")).toMatchObject({ kind: "measured", value: 0 });
  });
});

describe("a command that", () => {
  const processes = openProcesses(clock);
  const childEnvironment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };

  function commandProbe(script: string, more: object = {}): Probe {
    const settings = CommandProbeSettings.parse({
      kind: "command",
      program: "/bin/sh",
      args: ["-c", script],
      timeout: "500ms",
      ...more,
    });
    return createCommandProbe("command", settings, {
      processes,
      clock,
      childEnvironment,
      secrets: [],
    });
  }

  it("ignores TERM and has grandchildren in and out of its group has failed, and leaves none", async () => {
    await withTempFolder(async (folder) => {
      const stubborn = `trap "" TERM; echo $$ >> pids; exec sleep 60`;
      const script = `trap "" TERM; echo $$ >> pids
        sh -c 'sh -c '\\''${stubborn}'\\'' & wait' &
        setsid sh -c '${stubborn}' &
        setsid setsid sh -c '${stubborn}' &
        wait`;

      const reading = await tamely(commandProbe(script, { cwd: folder }));

      expect(reading).toMatchObject({
        kind: "measured",
        value: 1,
        detail: expect.stringContaining("it was not over after 500 ms"),
      });
      const pids = (await readFile(join(folder, "pids"), "utf8")).trim().split("\n").map(Number);
      expect(pids).toHaveLength(4);
      const left = await Promise.all(pids.map(async (pid) => processes.look(pid)));
      expect(left.filter((one) => one !== undefined)).toEqual([]);
    });
  });

  it("prints without end has failed, and so has one that prints what cannot be shown", async () => {
    const flood = await tamely(commandProbe("exec yes"));
    const odd = await tamely(
      commandProbe(String.raw`printf '\033[31m\377\376 boo\0m'; exit 1`, { timeout: "20s" }),
    );

    expect(flood).toMatchObject({ kind: "measured", value: 1 });
    expect(odd).toMatchObject({ kind: "measured", value: 1 });
    expect(odd.detail).toContain("boo");
  });

  it("prints a number that is none proves nothing", async () => {
    for (const printed of ["nan", "1e400", "-Infinity", "__proto__"]) {
      const probe = commandProbe(`echo ${printed}`, { measure: "number", timeout: "10s" });

      expect(await tamely(probe)).toMatchObject({ kind: "absent", reason: "no-metrics" });
    }
  });
});
