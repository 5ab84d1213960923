import { appendFile, mkdir, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLogs, type LogTail } from "../../src/system/logs.ts";
import { withTempFolder } from "../support/temp.ts";

const logs = openLogs();
const { signal } = new AbortController();

function textsOf(tail: LogTail): readonly string[] {
  return tail.lines.filter((line) => line.isFresh).map((line) => line.text);
}

async function withLog(body: (path: string, folder: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const path = join(folder, "api-error.log");
    await writeFile(path, "first\nsecond\n");
    await body(path, folder);
  });
}

describe("a log file", () => {
  it("without a mark is fresh from its beginning", async () => {
    await withLog(async (path) => {
      const tail = await logs.read(path, undefined, signal);

      expect(tail).toMatchObject({ isCut: false, lines: [{ text: "first" }, { text: "second" }] });
      expect(textsOf(tail)).toHaveLength(2);
    });
  });

  it("is fresh from its mark on, earlier lines are there too", async () => {
    await withLog(async (path) => {
      const mark = await logs.mark(path);
      await appendFile(path, "third\r\n");

      const tail = await logs.read(path, mark, signal);

      expect(textsOf(tail)).toEqual(["third"]);
      expect(tail).toMatchObject({ isCut: false, lines: { length: 3 } });
    });
  });

  it("leaves out a line that is still being written, and counts it fresh once it is whole", async () => {
    await withLog(async (path) => {
      await appendFile(path, "thi");
      const mark = await logs.mark(path);
      const before = await logs.read(path, mark, signal);
      await appendFile(path, "rd\n");

      const after = await logs.read(path, mark, signal);

      expect([textsOf(before), textsOf(after)]).toEqual([[], ["third"]]);
    });
  });

  it("is followed to the name that a rotation gave it", async () => {
    await withLog(async (path) => {
      const mark = await logs.mark(path);
      await appendFile(path, "third\n");
      await rename(path, `${path}.1`);
      await writeFile(path, "fourth\n");

      const tail = await logs.read(path, mark, signal);

      expect([textsOf(tail), tail.isCut]).toEqual([["third", "fourth"], false]);
    });
  });

  it("says that lines are lost when it was rotated away", async () => {
    await withLog(async (path, folder) => {
      const mark = await logs.mark(path);
      await mkdir(join(folder, "old"));
      await rename(path, join(folder, "old", "api-error.log"));
      await writeFile(path, "fourth\n");

      const tail = await logs.read(path, mark, signal);

      expect([textsOf(tail), tail.isCut]).toEqual([["fourth"], true]);
    });
  });

  it.each([
    ["is shorter than the mark", "new\n"],
    ["has grown beyond the mark again", "something else\nof more than thirteen bytes\n"],
  ])("that was truncated and %s is fresh as a whole", async (_what, content) => {
    await withLog(async (path) => {
      const mark = await logs.mark(path);
      await truncate(path, 0);
      await appendFile(path, content);

      const tail = await logs.read(path, mark, signal);

      expect([textsOf(tail), tail.isCut]).toEqual([content.trim().split("\n"), true]);
    });
  });

  it("is read from its last MiB on, at a whole line", async () => {
    await withLog(async (path) => {
      const mark = await logs.mark(path);
      const line = `${"x".repeat(99)}\n`;
      await appendFile(path, line.repeat(11_000));

      const tail = await logs.read(path, mark, signal);

      expect(tail).toMatchObject({ isCut: true, lines: { length: 10_485 } });
      expect(new Set(textsOf(tail))).toEqual(new Set(["x".repeat(99)]));
    });
  });

  it("that is absent or a device has no lines and no mark", async () => {
    await withTempFolder(async (folder) => {
      for (const path of [join(folder, "none.log"), "/dev/null"]) {
        expect(await logs.mark(path)).toBeUndefined();
        expect(await logs.read(path, undefined, signal)).toEqual({ lines: [], isCut: false });
      }
    });
  });

  it("throws the reason of an aborted signal", async () => {
    await withLog(async (path) => {
      const reason = new Error("told to stop");

      const reading = logs.read(path, undefined, AbortSignal.abort(reason));

      await expect(reading).rejects.toBe(reason);
    });
  });
});
