import { appendFile, chmod, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { describe, expect, it } from "vitest";
import { openLogs } from "../../src/system/logs.ts";
import type { Followed } from "../../src/system/log-follower.ts";
import { withTempFolder } from "../support/temp.ts";

const { signal } = new AbortController();

interface Following {
  readonly path: string;
  readonly folder: string;
  readonly next: () => Promise<Followed>;
}

/** A log with two lines that is followed from its end. */
async function withFollowed(body: (following: Following) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const path = join(folder, "access.log");
    await writeFile(path, "first\nsecond\n");
    const follower = openLogs().follow(path);
    await follower.next(signal);
    await body({ path, folder, next: async () => follower.next(signal) });
  });
}

function linesOf(followed: Followed): readonly string[] {
  return followed.kind === "followed" ? followed.lines : [followed.kind];
}

describe("following a log", () => {
  it("begins at its end, and shows what stood there before apart", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "access.log");
      await writeFile(path, "first\nsecond\n");

      const first = await openLogs().follow(path).next(signal);

      expect(first).toEqual({
        kind: "followed",
        lines: [],
        earlier: ["first", "second"],
        skippedBytes: 0,
      });
    });
  });

  it("brings each line once", async () => {
    await withFollowed(async ({ path, next }) => {
      await appendFile(path, "third\nfourth\r\n");
      const grown = await next();
      const still = await next();

      expect([grown, still].map(linesOf)).toEqual([["third", "fourth"], []]);
    });
  });

  it("waits for the end of a line", async () => {
    await withFollowed(async ({ path, next }) => {
      await appendFile(path, "thi");
      const half = await next();
      await appendFile(path, "rd\n");
      const whole = await next();

      expect([half, whole].map(linesOf)).toEqual([[], ["third"]]);
    });
  });

  it("leaves out the rest of a line that was half written at the first look", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "access.log");
      await writeFile(path, "first\nsec");
      const follower = openLogs().follow(path);
      await follower.next(signal);
      await appendFile(path, "ond\nthird\n");

      expect(linesOf(await follower.next(signal))).toEqual(["third"]);
    });
  });

  it("reads a renamed file to its end, also while its writer goes on there", async () => {
    await withFollowed(async ({ path, next }) => {
      await appendFile(path, "third\n");
      await rename(path, `${path}.1`);
      const between = await next();
      await writeFile(path, "");
      await appendFile(`${path}.1`, "fourth\n");
      const late = await next();
      await appendFile(path, "fifth\n");
      const after = await next();

      expect([between, late, after].map(linesOf)).toEqual([["third"], ["fourth"], ["fifth"]]);
    });
  });

  it("reads a file that was copied and emptied from its beginning", async () => {
    await withFollowed(async ({ path, next }) => {
      await truncate(path, 0);
      await appendFile(path, "third\n");
      const shorter = await next();
      await truncate(path, 0);
      await appendFile(path, "other\nfourth\n");
      const asLong = await next();

      expect([shorter, asLong].map(linesOf)).toEqual([["third"], ["other", "fourth"]]);
    });
  });

  it("takes off the zeros that stand where a writer that does not append went on", async () => {
    await withFollowed(async ({ path, next }) => {
      await writeFile(path, `${"\0".repeat(13)}third\n`);

      expect(linesOf(await next())).toEqual(["third"]);
    });
  });

  it("says that lines may be lost when a rotation packed them away", async () => {
    await withFollowed(async ({ path, next }) => {
      await rename(path, `${path}.1`);
      await rename(`${path}.1`, `${path}.1.gz`);
      await writeFile(path, "third\n");

      expect(await next()).toMatchObject({ lines: ["third"], skippedBytes: 1 });
    });
  });

  it("reads the newest MiB and tells how much it left out", async () => {
    await withFollowed(async ({ path, next }) => {
      const line = `${"x".repeat(1023)}\n`;
      await appendFile(path, line.repeat(1500));

      const followed = await next();

      expect(linesOf(followed)).toHaveLength(1023);
      expect(followed).toMatchObject({ skippedBytes: 476 * 1024 });
    });
  });

  it("gives up a line without an end, told once", async () => {
    await withFollowed(async ({ path, next }) => {
      await appendFile(path, "y".repeat(100_000));
      const first = await next();
      await appendFile(path, "y".repeat(100_000));
      const second = await next();
      await appendFile(path, "\nthird\n");
      const third = await next();

      expect(linesOf(first).map((line) => line.length)).toEqual([65_536]);
      expect([second, third].map(linesOf)).toEqual([[], ["third"]]);
    });
  });

  it("is missing while there is no file, and begins with the first line of a new one", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "access.log");
      const follower = openLogs().follow(path);
      const before = await follower.next(signal);
      await writeFile(path, "first\n");

      expect([before.kind, linesOf(await follower.next(signal))]).toEqual(["missing", ["first"]]);
    });
  });

  it("is missing in the end when a file is taken away for good", async () => {
    await withFollowed(async ({ path, next }) => {
      await rm(path);
      const first = await next();
      const second = await next();

      expect([first.kind, second.kind]).toEqual(["followed", "missing"]);
    });
  });

  it.skipIf(getuid?.() === 0)("is denied where it may not be read", async () => {
    await withFollowed(async ({ path, next }) => {
      await chmod(path, 0);

      expect(await next()).toEqual({ kind: "denied", detail: `rollwatch may not read ${path}` });
    });
  });
});
