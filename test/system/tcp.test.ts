import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openTcp } from "../../src/system/tcp.ts";
import { tcpContract } from "../contracts/tcp.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { fakeTcp } from "../support/fakes/tcp.ts";
import { closeServers, listeningPort } from "../support/servers.ts";

const NEVER = new AbortController().signal;
const tcp = openTcp(openClock());

afterEach(closeServers);

/** A port on which nobody listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listeningPort(server);
  server.close();
  await once(server, "close");
  return port;
}

tcpContract("the real one", async () => ({
  tcp,
  open: await listeningPort(createServer()),
  closed: await closedPort(),
}));

tcpContract("the fake", async () => {
  const fake = fakeTcp();
  const failed = { kind: "failed", reason: "refused", detail: "ECONNREFUSED" } as const;
  fake.set(2, { ...failed, milestones: [], totalMs: 1 });
  return { tcp: fake, open: 1, closed: 2 };
});

async function firstConnection(server: Server): Promise<Socket> {
  return new Promise((resolve) => {
    server.once("connection", resolve);
  });
}

describe("a connection", () => {
  it("is closed as soon as it is open, also where the other side talks at once", async () => {
    const server = createServer((socket) => socket.write("220 hello\r\n"));
    const port = await listeningPort(server);
    const accepted = firstConnection(server);

    // On a clock that stands still nothing ends but by the other side's word.
    const patient = openTcp(createManualClock());
    const knocked = await patient.connect({ host: "127.0.0.1", port, timeoutMs: 5000 }, NEVER);

    const socket = await accepted;
    if (!socket.destroyed) {
      await once(socket, "close");
    }
    expect(knocked.kind).toBe("open");
  });

  it("to a name has the time of its resolving", async () => {
    const port = await listeningPort(createServer());

    const knocked = await tcp.connect({ host: "localhost", port, timeoutMs: 5000 }, NEVER);

    expect(knocked).toMatchObject({
      kind: "open",
      milestones: [{ name: "resolve" }, { name: "connect" }],
    });
  });

  it("to a name that nobody knows is our own trouble", async () => {
    const knocked = await tcp.connect(
      { host: "rollwatch-test.invalid", port: 1, timeoutMs: 400 },
      NEVER,
    );

    expect(knocked).toMatchObject({ kind: "local", reason: "name-resolution" });
  });

  it("that nobody takes in time has failed", async () => {
    const over = AbortSignal.abort(new DOMException("over", "TimeoutError"));
    const impatient = openTcp({ ...createManualClock(), deadline: () => over });

    const knocked = await impatient.connect({ host: "127.0.0.1", port: 1, timeoutMs: 70 }, NEVER);

    expect(knocked).toMatchObject({
      kind: "failed",
      reason: "timeout",
      detail: "no connection within 70 ms",
    });
  });
});
