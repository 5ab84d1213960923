import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../src/system/postgres.ts";

/** A database under test that answers and whose migrations table does not exist. */
export interface DatabaseUnderTest {
  readonly database: Database;
  /** Fills the table with `001_initial` and `002_alerts`. */
  readonly migrate: () => Promise<void>;
  readonly stopServer: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const { signal } = new AbortController();

/** What every database promises. */
export function databaseContract(name: string, open: () => Promise<DatabaseUnderTest>): void {
  describe(`the contract of a database: ${name}`, () => {
    let under: DatabaseUnderTest;

    beforeEach(async () => {
      under = await open();
    });

    afterEach(async () => {
      await under.close();
    });

    it("answers with its version and the time it took", async () => {
      const answer = await under.database.check(signal);

      expect(answer).toMatchObject({
        kind: "answers",
        version: expect.stringMatching(/^\d+/u),
        tookMs: expect.any(Number),
        holders: [],
        maxConnections: expect.any(Number),
      });
    });

    it("has no revision without a migrations table", async () => {
      expect(await under.database.schemaRevision(signal)).toBeNull();
    });

    it("has the newest migration and their number as its revision", async () => {
      await under.migrate();

      expect(await under.database.schemaRevision(signal)).toBe("002_alerts (2)");
    });

    it("counts the rows of tables in the order asked, and says which are not there", async () => {
      await under.migrate();

      const counts = await under.database.rowCounts(["absent", "ops.schema_migrations"], signal);

      expect(counts).toEqual([
        { table: "absent", kind: "unknown", reason: "there is no such table" },
        { table: "ops.schema_migrations", kind: "known", rows: 2, isExact: true },
      ]);
    });

    it("cannot count rows when the server is stopped", async () => {
      await under.stopServer();

      const asking = under.database.rowCounts(["ops.schema_migrations"], signal);

      await expect(asking).rejects.toMatchObject({ code: "database-unreachable" });
    });

    it("fails, and does not throw, when the server is stopped", async () => {
      await under.stopServer();

      expect(await under.database.check(signal)).toMatchObject({
        kind: "fails",
        phase: "refused",
        sqlstate: null,
      });
    });

    it("cannot tell a revision when the server is stopped", async () => {
      await under.stopServer();

      const asking = under.database.schemaRevision(signal);

      await expect(asking).rejects.toMatchObject({ code: "database-unreachable" });
    });

    it("has the same structure until it is changed", async () => {
      const first = await under.database.catalogue(signal);
      const second = await under.database.catalogue(signal);
      await under.migrate();
      const third = await under.database.catalogue(signal);

      expect(second).toEqual(first);
      expect(third).not.toEqual(first);
    });

    it("cannot tell its structure when the server is stopped", async () => {
      await under.stopServer();

      const asking = under.database.catalogue(signal);

      await expect(asking).rejects.toMatchObject({ code: "database-unreachable" });
    });

    it("tells what its sessions do, its own question not counted", async () => {
      const activity = await under.database.activity(signal);

      expect(activity).toEqual({
        kind: "answers",
        connections: 0,
        maxConnections: expect.any(Number),
        waiting: 0,
        longestTransactionMs: 0,
        visible: 0,
        hidden: 0,
        checksumFailures: null,
      });
    });

    it("fails, and does not throw, when a stopped server is asked for its activity", async () => {
      await under.stopServer();

      const activity = await under.database.activity(signal);

      expect(activity).toMatchObject({ kind: "fails", sqlstate: null });
    });

    it("throws the reason of an aborted signal", async () => {
      const reason = new Error("told to stop");

      const aborted = AbortSignal.abort(reason);

      await expect(under.database.check(aborted)).rejects.toBe(reason);
      await expect(under.database.activity(aborted)).rejects.toBe(reason);
      await expect(under.database.catalogue(aborted)).rejects.toBe(reason);
    });
  });
}
