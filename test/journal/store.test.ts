import { createHash } from "node:crypto";
import { copyFile, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { openStore, readEntriesAt } from "../../src/journal/store.ts";
import type { Fact } from "../../src/model/facts.ts";
import { Failure } from "../../src/model/failure.ts";
import { sourceUrl, withChild } from "../support/child.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { withTempFolder } from "../support/temp.ts";

const START = Date.UTC(2026, 10, 22, 12, 0, 0);

function aFact(reason: string): Fact {
  return { kind: "daemon-stopped", reason };
}

/** A closed journal with three entries. */
async function withJournal(body: (path: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const path = join(folder, "journal.db");
    const store = openStore(path, createManualClock(START));
    for (const reason of ["one", "two", "three"]) {
      store.append(aFact(reason));
    }
    store.close();
    await body(path);
  });
}

/** Changes a closed journal behind its back and leaves everything in the one file. */
function tamper(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.exec("pragma wal_checkpoint(truncate)");
  db.close();
}

function formatIn(path: string): unknown {
  const db = new Database(path);
  const row: unknown = db.prepare("select value from meta where key = 'format'").get();
  db.close();
  return row;
}

async function digestOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

function failureOf(path: string): Failure {
  try {
    openStore(path, createManualClock()).close();
  } catch (error) {
    if (error instanceof Failure) {
      return error;
    }
    throw error;
  }
  throw new Error("the journal was opened");
}

describe("the journal's store", () => {
  it("numbers facts from 1 and stamps them with the clock's time", async () => {
    await withTempFolder(async (folder) => {
      const clock = createManualClock(START);
      const store = openStore(join(folder, "journal.db"), clock);

      const first = store.append(aFact("one"));
      await clock.advance(5);
      const second = store.append(aFact("two"));

      expect(first).toEqual({ seq: 1, at: START, fact: aFact("one") });
      expect(second).toEqual({ seq: 2, at: START + 5, fact: aFact("two") });
      expect(store.entries()).toEqual([first, second]);
      store.close();
    });
  });

  it("goes on where it was after reopening", async () => {
    await withJournal(async (path) => {
      const store = openStore(path, createManualClock(START + 1));

      const next = store.append(aFact("four"));

      expect(next.seq).toBe(4);
      expect(store.entries().map((entry) => entry.fact)).toEqual(
        ["one", "two", "three", "four"].map((reason) => aFact(reason)),
      );
      store.close();
    });
  });

  it("is readable by its owner alone, with the files beside it, in a folder of its own", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "state", "journal.db");
      const store = openStore(path, createManualClock());
      store.append(aFact("one"));

      const modes = await Promise.all(
        [path, `${path}-wal`, `${path}-shm`, join(folder, "state")].map(
          async (one) => (await stat(one)).mode & 0o777,
        ),
      );

      expect(modes).toEqual([0o600, 0o600, 0o600, 0o700]);
      store.close();
    });
  });

  it("has a fact on the disk when append returns, whatever happens to the process then", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "journal.db");
      const source = `
        import { openStore } from ${JSON.stringify(sourceUrl("journal/store.ts"))};
        import { openClock } from ${JSON.stringify(sourceUrl("system/clock.ts"))};
        const store = openStore(${JSON.stringify(path)}, openClock());
        for (let n = 1; n <= 20; n += 1) store.append({ kind: "daemon-stopped", reason: String(n) });
        process.stdout.write("appended\\n");
        process.kill(process.pid, "SIGKILL");
      `;
      await withChild(source, async (child) => {
        await child.line();
      });

      const store = openStore(path, createManualClock());

      expect(store.entries()).toHaveLength(20);
      expect(store.append(aFact("after")).seq).toBe(21);
      store.close();
    });
  });

  it("starts anew on a file that nothing was ever written to", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "journal.db");
      await writeFile(path, "");

      const store = openStore(path, createManualClock());

      expect(store.append(aFact("one")).seq).toBe(1);
      store.close();
    });
  });
});

describe("a journal of an older version", () => {
  it("is brought to the newest format with every entry, so that the older program refuses it from then on", async () => {
    await withJournal(async (path) => {
      const before = readEntriesAt(path);
      tamper(path, "update meta set value = '1' where key = 'format'");

      const store = openStore(path, createManualClock(START));

      expect(before).toHaveLength(3);
      expect(store.entries()).toEqual(before);
      store.close();
      expect(formatIn(path)).toMatchObject({ value: "3" });
    });
  });
});

describe("a journal of a newer version", () => {
  it("is refused and left byte for byte as it is", async () => {
    await withJournal(async (path) => {
      tamper(
        path,
        "update meta set value = '99' where key = 'format'; create table unheard_of (x)",
      );
      const before = await digestOf(path);

      const failure = failureOf(path);

      expect(failure.code).toBe("journal-newer");
      expect(failure.message).toContain("format 99");
      expect(failure.hint).toContain("newer rollwatch");
      expect(await digestOf(path)).toBe(before);
    });
  });
});

describe("a damaged journal", () => {
  /** What was done to it, and a word of the message. */
  const damages: readonly (readonly [string, string, string])[] = [
    ["an entry is gone from the middle", "delete from entries where seq = 2", "entry 2 is missing"],
    ["the first entry is gone", "delete from entries where seq = 1", "entry 1 is missing"],
    [
      "a body was rewritten",
      `update entries set body = '{"kind":"daemon-stopped","reason":"else"}' where seq = 2`,
      "entry 2 was changed",
    ],
    ["a time was rewritten", "update entries set at = at + 1 where seq = 3", "entry 3 was changed"],
    [
      "two entries changed places",
      "update entries set seq = -seq; update entries set seq = 5 + seq where seq in (-2, -3); update entries set seq = 1 where seq = -1",
      "was changed",
    ],
    ["the format is gone", "delete from meta", "damaged"],
    ["the format is no number", "update meta set value = 'x'", "damaged"],
    ["the entries are gone as a table", "drop table entries", "entries"],
  ];

  it.each(damages)("is refused when %s, and left as it is", async (_name, sql, word) => {
    await withJournal(async (path) => {
      tamper(path, sql);
      const before = await digestOf(path);

      const failure = failureOf(path);

      expect(failure.code).toBe("journal-corrupt");
      expect(failure.message).toContain(word);
      expect(failure.hint).toContain("Nothing was changed");
      expect(await digestOf(path)).toBe(before);
    });
  });

  it("is refused when an entry is well chained but no fact of ours", async () => {
    await withJournal(async (path) => {
      const body = '{"kind":"never-heard-of"}';
      const db = new Database(path);
      const [head] = db.prepare("select hash from entries where seq = 3").raw().all();
      const hash = createHash("sha256")
        .update(`${String(head)}\n4\n7\n${body}`)
        .digest("hex");
      db.prepare("insert into entries values (4, 7, 'never-heard-of', ?, ?)").run(body, hash);
      db.close();

      const failure = failureOf(path);

      expect(failure.code).toBe("journal-corrupt");
      expect(failure.message).toContain("entry 4 (never-heard-of) does not parse");
    });
  });

  it("is refused when it is no database at all", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "journal.db");
      await writeFile(path, "something else entirely ".repeat(300));
      const before = await digestOf(path);

      const failure = failureOf(path);

      expect(failure.code).toBe("journal-corrupt");
      expect(await digestOf(path)).toBe(before);
    });
  });

  it("is refused when its end was cut off", async () => {
    await withJournal(async (path) => {
      tamper(path, "select 1");
      await truncate(path, (await stat(path)).size - 4096);
      const before = await digestOf(path);

      expect(failureOf(path).code).toBe("journal-corrupt");
      expect(await digestOf(path)).toBe(before);
    });
  });

  it("keeps the write-ahead file that holds the damage as it was too", async () => {
    await withJournal(async (path) => {
      const db = new Database(path);
      db.exec("delete from entries where seq = 2");
      await copyFile(path, `${path}.copy`);
      await copyFile(`${path}-wal`, `${path}.copy-wal`);
      db.close();
      const files = [`${path}.copy`, `${path}.copy-wal`];
      const before = await Promise.all(files.map(digestOf));

      const failure = failureOf(`${path}.copy`);

      expect(failure.message).toContain("entry 2 is missing");
      expect(await Promise.all(files.map(digestOf))).toEqual(before);
    });
  });
});
