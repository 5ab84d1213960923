import { appendFile, mkdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openSegments } from "../../src/system/segments.ts";
import { withTempFolder } from "../support/temp.ts";

const segments = openSegments();

async function linesOf(path: string) {
  const lines: string[] = [];
  const end = await segments.read(path, (line) => lines.push(line));
  return { lines, end };
}

describe("a segment", () => {
  it("holds every batch that was added, for its owner alone", async () => {
    await withTempFolder(async (folder) => {
      const parts = join(folder, "recordings");

      await segments.append(parts, "a.gz", "one\ntwo\n");
      await segments.append(parts, "a.gz", "three\n");

      expect(await linesOf(join(parts, "a.gz"))).toEqual({
        lines: ["one", "two", "three"],
        end: { kind: "whole" },
      });
      expect((await stat(join(parts, "a.gz"))).mode & 0o777).toBe(0o600);
      expect((await stat(parts)).mode & 0o777).toBe(0o700);
    });
  });

  it("is read up to the tear where its last batch was cut by a crash", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "a.gz");
      const many = Array.from({ length: 2000 }, (_, tick) => `line ${Math.sin(tick)}\n`).join("");
      await segments.append(folder, "a.gz", "one\n");
      const bytes = await segments.append(folder, "a.gz", many);

      await truncate(path, (await readFile(path)).byteLength - Math.floor(bytes / 2));
      const { lines, end } = await linesOf(path);

      expect(end).toEqual({ kind: "torn" });
      expect(lines[0]).toBe("one");
      expect(lines.length).toBeGreaterThan(100);
      expect(lines.slice(1).every((line) => many.includes(`${line}\n`))).toBe(true);
    });
  });

  it("is refused when it is no gzip", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "a.gz");
      await writeFile(path, "not packed\n");

      expect((await linesOf(path)).end.kind).toBe("refused");
    });
  });

  it("is refused when a line has no end, before it fills the memory", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "a.gz");
      await writeFile(path, gzipSync(Buffer.alloc(64 * 1024 * 1024)));

      expect((await linesOf(path)).end).toEqual({
        kind: "refused",
        reason: "a line is longer than 256 KiB",
      });
    });
  });

  it("may be plain text", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "a.ndjson");
      await appendFile(path, "one\ntwo\n");

      expect((await linesOf(path)).lines).toEqual(["one", "two"]);
    });
  });
});

describe("a folder of segments", () => {
  it("lists its files by name, and none where there is no folder", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "b.gz"), "22");
      await writeFile(join(folder, "a.gz"), "1");
      await mkdir(join(folder, "c"));

      expect(await segments.list(folder)).toEqual([
        { name: "a.gz", bytes: 1 },
        { name: "b.gz", bytes: 2 },
      ]);
      expect(await segments.list(join(folder, "none"))).toEqual([]);
    });
  });
});
