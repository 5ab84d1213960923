import { join } from "node:path";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { openJournal } from "../../src/journal/journal.ts";
import { openStore } from "../../src/journal/store.ts";
import type { Fact } from "../../src/model/facts.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { withTempFolder } from "../support/temp.ts";

const STARTED: Fact = { kind: "daemon-started", pid: 1, version: "1", configHash: "h" };

describe("the journal", () => {
  it("writes first, folds then, and tells its listeners last", async () => {
    await withTempFolder(async (folder) => {
      const store = openStore(join(folder, "journal.db"), createManualClock(1000));
      const journal = openJournal(store);
      const seen: unknown[] = [];
      journal.onEntry((entry) => {
        seen.push([entry.seq, store.entries().length, journal.history().daemonStarts]);
      });

      const entry = journal.record(STARTED);

      expect(entry).toEqual({ seq: 1, at: 1000, fact: STARTED });
      expect(seen).toEqual([[1, 1, [1000]]]);
      store.close();
    });
  });

  it("remembers across a restart", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "journal.db");
      const before = openStore(path, createManualClock(1000));
      openJournal(before).record(STARTED);
      before.close();

      const after = openStore(path, createManualClock(2000));
      const journal = openJournal(after);

      expect(journal.history().daemonStarts).toEqual([1000]);
      after.close();
    });
  });

  it("stops telling a listener that left", async () => {
    await withTempFolder(async (folder) => {
      const store = openStore(join(folder, "journal.db"), createManualClock());
      const journal = openJournal(store);
      let told = 0;
      const leave = journal.onEntry(() => {
        told += 1;
      });
      journal.record(STARTED);

      leave();
      journal.record(STARTED);

      expect(told).toBe(1);
      store.close();
    });
  });

  it("keeps its history and tells nobody when the write fails", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "journal.db");
      const store = openStore(path, createManualClock());
      const journal = openJournal(store);
      let told = 0;
      journal.onEntry(() => {
        told += 1;
      });
      const disk = new Database(path);
      disk.exec("create trigger t before insert on entries begin select raise(abort, 'full'); end");

      expect(() => journal.record(STARTED)).toThrow("cannot write to the journal");

      expect(told).toBe(0);
      expect(journal.history().daemonStarts).toEqual([]);
      disk.exec("drop trigger t");
      expect(journal.record(STARTED).seq).toBe(1);
      disk.close();
      store.close();
    });
  });

  it("takes nothing after its store was closed", async () => {
    await withTempFolder(async (folder) => {
      const store = openStore(join(folder, "journal.db"), createManualClock());
      const journal = openJournal(store);

      store.close();

      expect(() => journal.record(STARTED)).toThrow("is closed");
    });
  });
});
