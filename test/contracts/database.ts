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
      });
    });

    it("has no revision without a migrations table", async () => {
      expect(await under.database.schemaRevision(signal)).toBeNull();
    });

    it("has the newest migration and their number as its revision", async () => {
      await under.migrate();

      expect(await under.database.schemaRevision(signal)).toBe("002_alerts (2)");
    });

    it("fails, and does not throw, when the server is stopped", async () => {
      await under.stopServer();

      expect(await under.database.check(signal)).toMatchObject({ kind: "fails", sqlstate: null });
    });

    it("cannot tell a revision when the server is stopped", async () => {
      await under.stopServer();

      const asking = under.database.schemaRevision(signal);

      await expect(asking).rejects.toMatchObject({ code: "database-unreachable" });
    });

    it("throws the reason of an aborted signal", async () => {
      const reason = new Error("told to stop");

      const asking = under.database.check(AbortSignal.abort(reason));

      await expect(asking).rejects.toBe(reason);
    });
  });
}
