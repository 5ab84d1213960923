import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Api, openApi } from "../../src/api/server.ts";
import { ask, servedPorts, TOKENS } from "../support/served.ts";

let folder = "";
let api: Api | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwH-"));
  api = await openApi(servedPorts(), {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
    requestTimeoutMs: 150,
  });
});

afterEach(async () => {
  await api?.close();
  await rm(folder, { recursive: true });
});

function portOf(): number {
  return Number(new URL(api?.url ?? "").port);
}

async function closed(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (part: string) => {
    text += part;
  });
  socket.on("error", () => undefined);
  return new Promise((resolve) => {
    socket.once("close", () => {
      resolve(text);
    });
  });
}

describe("a client that is slow", () => {
  const head = `POST /api/v1/pause HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${TOKENS.grace}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n`;

  it.each([
    ["with its head", head.slice(0, 40)],
    ["with its body", `${head}{"reason":`],
  ])("%s is let go, and told so", { timeout: 5000 }, async (_where, beginning) => {
    const socket = connect(portOf(), "127.0.0.1");
    socket.write(beginning);

    const answer = await closed(socket);

    expect(answer).toContain("408 Request Timeout");
  });

  it("keeps nobody else waiting", async () => {
    const slow = Array.from({ length: 50 }, () => {
      const socket = connect(portOf(), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(head.slice(0, 40));
      return socket;
    });

    const answer = await ask({ host: "127.0.0.1", port: portOf(), path: "/healthz" });

    expect(answer.status).toBe(200);
    for (const socket of slow) {
      socket.destroy();
    }
  });
});
