import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openDatabase } from "../../src/system/postgres.ts";
import { databaseContract } from "../contracts/database.ts";
import { fakeDatabase } from "../support/fakes/database.ts";
import { aCatalogue, aTable } from "../support/schema.ts";

const clock = openClock();
const { signal } = new AbortController();

databaseContract("the fake", async () => {
  const database = fakeDatabase();
  return {
    database,
    migrate: async () => {
      database.setRevision("002_alerts (2)");
      database.setRows("ops.schema_migrations", 2);
      database.setCatalogue(aCatalogue([aTable("schema_migrations", [])]));
    },
    stopServer: async () =>
      database.setAnswer({ kind: "fails", sqlstate: null, detail: "refused" }),
    close: async () => undefined,
  };
});

describe("openDatabase", () => {
  it("refuses an address that is no URL, without repeating it", () => {
    expect(() => openDatabase({ url: "hush hush" }, clock)).toThrow(/^((?!hush).)*$/u);
  });

  it("asks nobody for a revision when no migrations table is configured", async () => {
    const database = openDatabase({ url: "postgres://a:b@127.0.0.1:1/c" }, clock);

    expect(await database.schemaRevision(signal)).toBeNull();
  });
});

describe("a server that accepts and says nothing", () => {
  let server: Server;
  let accepted: Socket[];
  let url: string;

  beforeEach(async () => {
    accepted = [];
    server = createServer((socket) => {
      accepted.push(socket);
      socket.on("error", () => undefined);
      socket.resume();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    url = `postgres://app:hush@127.0.0.1:${typeof address === "object" ? address?.port : ""}/app`;
  });

  afterEach(() => {
    server.close();
  });

  it("fails within its deadline, and its connection is closed", async () => {
    const start = clock.monotonic();

    const answer = await openDatabase({ url }, clock).check(signal);

    expect(answer).toMatchObject({ kind: "fails", phase: "answer-timeout", sqlstate: null });
    expect(clock.monotonic() - start).toBeLessThan(3500);
    await untilClosed(accepted);
  });

  it("is left at once when the question is aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("told to stop");
    const asking = openDatabase({ url }, clock).check(controller.signal);
    await once(server, "connection");

    controller.abort(reason);

    await expect(asking).rejects.toBe(reason);
    await untilClosed(accepted);
  });

  it("is left when the database is closed", async () => {
    const database = openDatabase({ url }, clock);
    const asking = database.check(signal);
    await once(server, "connection");

    await database.close();

    expect(await asking).toMatchObject({ kind: "fails", detail: expect.stringMatching(/closed/u) });
    await untilClosed(accepted);
  });
});

async function untilClosed(sockets: readonly Socket[]): Promise<void> {
  expect(sockets).toHaveLength(1);
  for (const socket of sockets) {
    if (!socket.closed) {
      await once(socket, "close");
    }
  }
}
