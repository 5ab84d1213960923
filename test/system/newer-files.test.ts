import { mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hashPlainFile, listNewer } from "../../src/system/newer-files.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;
const LONG_AGO = new Date(1_000_000);
const TEN = { since: 0, limit: 10 };

describe("files newer than a moment", () => {
  it("are those that were written since, below the folder, too, and no older ones", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "deep"));
      await writeFile(join(folder, "deep", "one.csv"), "1;2");

      const newer = await listNewer(folder, TEN, LIVE);
      const [first] = newer.files;
      const none = await listNewer(folder, { since: (first?.at ?? 0) + 60_000, limit: 10 }, LIVE);

      expect(newer.files).toMatchObject([{ path: "deep/one.csv", bytes: 3 }]);
      expect([newer.more, none]).toEqual([0, { files: [], more: 0 }]);
    });
  });

  it("are those that were moved there since, however old their content is", async () => {
    await withTempFolder(async (folder) => {
      const [from, to] = [join(folder, "new.csv"), join(folder, "imported")];
      await mkdir(to);
      await writeFile(from, "1");
      await utimes(from, LONG_AGO, LONG_AGO);
      await rename(from, join(to, "new.csv"));

      const { files } = await listNewer(to, { since: LONG_AGO.getTime() + 1, limit: 10 }, LIVE);

      expect(files.map(({ path }) => path)).toEqual(["new.csv"]);
    });
  });

  it("are the oldest where there are more than wanted, and the rest is counted", async () => {
    await withTempFolder(async (folder) => {
      const names = Array.from({ length: 9 }, (_none, index) => `file-${index}`);
      const year = 365 * 24 * 3600;
      for (const [index, name] of names.entries()) {
        await writeFile(join(folder, name), "");
        // Times in the future, each later than the one before.
        const at = new Date((4_000_000_000 + index * year) * 1000);
        await utimes(join(folder, name), at, at);
      }

      const { files, more } = await listNewer(folder, { since: 0, limit: 2 }, LIVE);

      expect([files.map(({ path }) => path), more]).toEqual([["file-0", "file-1"], 7]);
    });
  });

  it("are not looked for behind links", async () => {
    await withTempFolder(async (folder) => {
      const [inside, outside] = [join(folder, "in"), join(folder, "out")];
      await mkdir(inside);
      await mkdir(outside);
      await writeFile(join(outside, "secret"), "x");
      await symlink(outside, join(inside, "folder"));
      await symlink(join(outside, "secret"), join(inside, "file"));

      expect(await listNewer(inside, TEN, LIVE)).toEqual({ files: [], more: 0 });
      expect(await hashPlainFile(join(inside, "file"), LIVE)).toBeUndefined();
    });
  });

  it("may have any name, and bytes that are no text", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff])]), "x");

      expect((await listNewer(folder, TEN, LIVE)).files).toMatchObject([{ path: "a\u{fffd}" }]);
    });
  });

  it("of a folder that is not there cannot be told", async () => {
    await withTempFolder(async (folder) => {
      await expect(listNewer(join(folder, "none"), TEN, LIVE)).rejects.toThrow("ENOENT");
    });
  });
});

describe("the hash of a file", () => {
  it("is sha256 of its content, and nothing where it is gone", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "a"), "abc");

      const hashes = [
        await hashPlainFile(join(folder, "a"), LIVE),
        await hashPlainFile(join(folder, "b"), LIVE),
      ];

      expect(hashes).toEqual([
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        undefined,
      ]);
    });
  });
});
