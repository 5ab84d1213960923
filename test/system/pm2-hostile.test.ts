import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openPm2, type Pm2 } from "../../src/system/pm2.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";
import { withTempFolder } from "../support/temp.ts";

const { signal } = new AbortController();

/** A pm2 whose socket is somebody's who answers each message like this. */
async function withImpostor(
  answer: (connection: Socket, message: Buffer) => void,
  body: (pm2: Pm2) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (home) => {
    const connections = new Set<Socket>();
    const server = createServer((connection) => {
      connections.add(connection);
      connection.on("error", () => undefined);
      connection.on("data", (message) => answer(connection, message));
    });
    await new Promise<void>((resolve) => {
      server.listen(join(home, "rpc.sock"), resolve);
    });
    try {
      const ports = { clock: openClock(), files: openFiles(), processes: fakeProcesses() };
      await body(openPm2({ home, program: "pm2", environment: {} }, ports));
    } finally {
      for (const connection of connections) {
        connection.destroy();
      }
      server.close();
    }
  });
}

/** A message of pm2's protocol: this part, which is JSON when it is pm2's, and the number of the question. */
function reply(question: Buffer, part: string): Buffer {
  const framed = [`j:${part}`, numberIn(question)].map((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  });
  // Version 1 of the protocol, and that there are two parts.
  return Buffer.concat([Buffer.from([0x12]), ...framed]);
}

function saying(part: string): (one: Socket, question: Buffer) => void {
  return (one, question) => one.write(reply(question, part));
}

/** The last part of a question. */
function numberIn(question: Buffer): string {
  return /s?:?([^:\0]+:\d+)$/u.exec(question.toString("latin1"))?.[1] ?? "";
}

describe("somebody on pm2's socket who is not pm2", () => {
  it.each([
    ["says nothing", () => undefined, /timed out/u],
    ["speaks HTTP", (one: Socket) => one.end("HTTP/1.1 400 Bad Request\r\n\r\n"), /not answer/u],
    ["sends noise", (one: Socket) => one.write(Buffer.alloc(4096, 0xff)), /timed out/u],
    ["hangs up", (one: Socket) => one.destroy(), /not answer/u],
    ["answers without an answer", saying("{}"), /does not speak as pm2/u],
    ["answers what is no JSON", saying("{{{"), /does not speak as pm2/u],
    ["answers with no list", saying('{"args":["[]"]}'), /cannot read/u],
    ["answers with a list of something else", saying('{"args":[[{"pm_id":0}]]}'), /cannot read/u],
    ["refuses", saying('{"error":"not today"}'), /pm2 refused getMonitorData: not today/u],
  ] as const)("that %s has no services to show, and harms nobody", async (_what, answer, told) => {
    await withImpostor(answer, async (pm2) => {
      const asking = pm2.services(["api"], openClock().deadline(1000, signal));

      await expect(asking).rejects.toThrow(told);
    });
  });

  it("that answers an empty list has it taken for what it is", async () => {
    await withImpostor(saying('{"args":[[]]}'), async (pm2) => {
      expect(await pm2.services(["api"], signal)).toEqual([{ name: "api", instances: [] }]);
    });
  });
});
