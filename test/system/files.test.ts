import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFiles } from "../../src/system/files.ts";
import { withTempFolder } from "../support/temp.ts";

const NEVER = new AbortController().signal;
const files = openFiles();

/** A small application: nested folders, a program, a link to a sibling, a dangling link, an empty folder. */
async function aTree(top: string): Promise<void> {
  await mkdir(join(top, "lib", "deep"), { recursive: true });
  await mkdir(join(top, "empty"));
  await writeFile(join(top, "index.js"), "console.log(1);\n");
  await writeFile(join(top, "lib", "deep", "tool"), "#!/bin/sh\n");
  await chmod(join(top, "lib", "deep", "tool"), 0o755);
  await chmod(join(top, "index.js"), 0o640);
  await symlink("deep/tool", join(top, "lib", "tool"));
  await symlink("/nowhere/at/all", join(top, "dangling"));
}

async function modeOf(path: string): Promise<number> {
  return (await lstat(path)).mode & 0o7777;
}

describe("reading", () => {
  it("gives text and hash of a file, and nothing for one that is not there", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "a"), "grüße");

      const text = await files.readText(join(folder, "a"));
      const hash = await files.hash(join(folder, "a"));

      expect(text).toBe("grüße");
      expect(hash).toBe(createHash("sha256").update("grüße").digest("hex"));
      expect(await files.readText(join(folder, "b"))).toBeUndefined();
      expect(await files.hash(join(folder, "a", "below-a-file"))).toBeUndefined();
    });
  });

  it("streams the hash of a big file", async () => {
    await withTempFolder(async (folder) => {
      const content = Buffer.alloc(3_000_001, "abc");
      await writeFile(join(folder, "big"), content);

      const hash = await files.hash(join(folder, "big"));

      expect(hash).toBe(createHash("sha256").update(content).digest("hex"));
    });
  });

  it("throws when a file is there and cannot be read as one", async () => {
    await withTempFolder(async (folder) => {
      await expect(files.readText(folder)).rejects.toThrow("EISDIR");
    });
  });

  it("tells files, folders, links, absences and everything else apart", async () => {
    await withTempFolder(async (folder) => {
      await aTree(folder);
      execFileSync("mkfifo", [join(folder, "fifo")]);

      const kinds = await Promise.all(
        ["index.js", "lib", "dangling", "fifo", "missing", "index.js/below"].map(async (name) =>
          files.kind(join(folder, name)),
        ),
      );

      expect(kinds).toEqual(["file", "directory", "link", "other", "absent", "absent"]);
    });
  });

  it("lists names sorted, and nothing for a folder that is not there", async () => {
    await withTempFolder(async (folder) => {
      await aTree(folder);

      const names = await files.list(folder);

      expect(names).toEqual(["dangling", "empty", "index.js", "lib"]);
      expect(await files.list(join(folder, "missing"))).toEqual([]);
    });
  });

  it("tells permission bits, owner and free space", async () => {
    await withTempFolder(async (folder) => {
      await chmod(folder, 0o750);

      const access = await files.access(folder);

      expect(access).toEqual({ mode: 0o750, uid: process.getuid?.() });
      expect(await files.freeBytes(folder)).toBeGreaterThan(0);
    });
  });
});

describe("writing", () => {
  it("replaces a file as a whole, with the asked mode, leaving nothing beside it", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "settings.json");
      await writeFile(path, "old");
      await link(path, join(folder, "other-name-of-the-old"));

      await files.writeAtomic(path, "new", 0o640);

      expect(await readFile(path, "utf8")).toBe("new");
      expect(await modeOf(path)).toBe(0o640);
      expect(await readFile(join(folder, "other-name-of-the-old"), "utf8")).toBe("old");
      expect(await readdir(folder)).toEqual(["other-name-of-the-old", "settings.json"]);
    });
  });

  it("leaves the old file and no rest when it cannot replace", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "taken"));

      await expect(files.writeAtomic(join(folder, "taken"), "new", 0o600)).rejects.toThrow(
        "EISDIR",
      );

      expect(await readdir(folder)).toEqual(["taken"]);
    });
  });

  it("makes folders with exactly the asked mode and leaves those that were there", async () => {
    await withTempFolder(async (folder) => {
      await chmod(folder, 0o755);

      await files.makeFolder(join(folder, "a", "b"), 0o770);
      await files.makeFolder(join(folder, "a"), 0o700);

      expect(await modeOf(join(folder, "a", "b"))).toBe(0o770);
      expect(await modeOf(join(folder, "a"))).toBe(0o770);
      expect(await modeOf(folder)).toBe(0o755);
    });
  });

  it("renames between folders", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "from"));
      await mkdir(join(folder, "to"));
      await writeFile(join(folder, "from", "x"), "x");

      await files.rename(join(folder, "from", "x"), join(folder, "to", "y"));

      expect(await files.list(join(folder, "from"))).toEqual([]);
      expect(await files.readText(join(folder, "to", "y"))).toBe("x");
    });
  });

  it("removes trees, links without their targets, and what is not there", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "tree"));
      await symlink(join(folder, "tree"), join(folder, "pointer"));

      await files.remove(join(folder, "pointer"));
      expect(await files.kind(join(folder, "tree"))).toBe("directory");
      await files.remove(join(folder, "tree"));
      await files.remove(join(folder, "tree"));
      await files.remove(join(folder, "missing", "below"));

      expect(await files.list(folder)).toEqual([]);
    });
  });
});

describe("removing", () => {
  it("empties folders that nobody may write to any more", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "tree"));
      await chmod(join(folder, "tree", "lib", "deep"), 0o500);
      await chmod(join(folder, "tree", "lib"), 0o500);

      await files.remove(join(folder, "tree"));

      expect(await files.list(folder)).toEqual([]);
    });
  });
});

describe("copying", () => {
  it("makes an equal tree: contents, modes, links as links, empty folders", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "from"));
      await chmod(join(folder, "from", "lib"), 0o550);

      await files.copy(join(folder, "from"), join(folder, "to"), NEVER);

      const from = await files.measure(folder, "from", NEVER);
      const to = await files.measure(folder, "to", NEVER);
      expect(to).toEqual({ ...from, path: "to" });
      expect(await readlink(join(folder, "to", "dangling"))).toBe("/nowhere/at/all");
      expect(await modeOf(join(folder, "to", "lib"))).toBe(0o550);
      await files.remove(join(folder, "from"));
      await files.remove(join(folder, "to"));
    });
  });

  it("copies a single file and a single link", async () => {
    await withTempFolder(async (folder) => {
      await aTree(folder);

      await files.copy(join(folder, "index.js"), join(folder, "copy.js"), NEVER);
      await files.copy(join(folder, "dangling"), join(folder, "copied-link"), NEVER);

      expect(await readFile(join(folder, "copy.js"), "utf8")).toBe("console.log(1);\n");
      expect(await modeOf(join(folder, "copy.js"))).toBe(0o640);
      expect(await readlink(join(folder, "copied-link"))).toBe("/nowhere/at/all");
    });
  });

  it("shares nothing with its source: a change in place does not reach the copy", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "from"));
      await files.copy(join(folder, "from"), join(folder, "to"), NEVER);

      await writeFile(join(folder, "from", "index.js"), "rebuilt in place");

      expect(await readFile(join(folder, "to", "index.js"), "utf8")).toBe("console.log(1);\n");
    });
  });

  it("gives the copy times of its own, so that no browser keeps the replaced file", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "a"), "a");
      await utimes(join(folder, "a"), 1000, 1000);

      await files.copy(join(folder, "a"), join(folder, "b"), NEVER);

      expect((await stat(join(folder, "b"))).mtimeMs).toBeGreaterThan(1_000_000);
    });
  });

  it("refuses to overwrite", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "from"));
      await mkdir(join(folder, "to"));

      await expect(files.copy(join(folder, "from"), join(folder, "to"), NEVER)).rejects.toThrow(
        "EEXIST",
      );
      await expect(
        files.copy(join(folder, "from", "index.js"), join(folder, "from", "dangling"), NEVER),
      ).rejects.toThrow("EEXIST");
    });
  });

  it("refuses a FIFO before it has written anything", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "from"));
      execFileSync("mkfifo", [join(folder, "from", "lib", "fifo")]);

      const copying = files.copy(join(folder, "from"), join(folder, "to"), NEVER);

      await expect(copying).rejects.toMatchObject({
        code: "path-refused",
        message: expect.stringContaining("lib/fifo"),
      });
      expect(await files.kind(join(folder, "to"))).toBe("absent");
    });
  });

  it("refuses a socket", async () => {
    await withTempFolder(async (folder) => {
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(join(folder, "s.sock"), resolve);
      });

      const copying = files.copy(join(folder, "s.sock"), join(folder, "to"), NEVER);

      await expect(copying).rejects.toMatchObject({ code: "path-refused" });
      server.close();
    });
  });

  it("refuses a name that is not UTF-8, and says where", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "from"));
      await writeFile(
        Buffer.concat([Buffer.from(join(folder, "from", "caf")), Buffer.from([0xe9])]),
        "x",
      );

      const copying = files.copy(join(folder, "from"), join(folder, "to"), NEVER);

      await expect(copying).rejects.toMatchObject({
        code: "path-refused",
        message: expect.stringContaining("café"),
      });
    });
  });

  it("copes with odd names", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "from"));
      for (const name of ["new\nline", "-rf", "blank name", "🚀", "*", "'\""]) {
        await writeFile(join(folder, "from", name), name);
      }

      await files.copy(join(folder, "from"), join(folder, "to"), NEVER);

      expect(await files.list(join(folder, "to"))).toEqual(await files.list(join(folder, "from")));
    });
  });

  it("stops with the signal's reason", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "from"));
      const reason = new Error("enough");

      await expect(
        files.copy(join(folder, "from"), join(folder, "to"), AbortSignal.abort(reason)),
      ).rejects.toBe(reason);
    });
  });
});

async function print(folder: string): Promise<string | undefined> {
  return files.fingerprint(folder, "app", NEVER);
}

/** The kernel's clock for times of files moves in steps of milliseconds: waits for its next one. */
async function nextTick(folder: string): Promise<void> {
  const probe = join(folder, "tick");
  await writeFile(probe, "");
  const { ctimeNs: first } = await lstat(probe, { bigint: true });
  for (let last = first; last === first; last = (await lstat(probe, { bigint: true })).ctimeNs) {
    await writeFile(probe, "tick");
  }
}

describe("fingerprinting", () => {
  /** One row per thing that a fingerprint must notice. */
  it.each([
    {
      what: "other content of the same size with its old times",
      change: async (top: string) => {
        await writeFile(join(top, "index.js"), "console.log(2);\n");
        await utimes(join(top, "index.js"), 1, 1);
      },
    },
    { what: "a file's mode", change: async (top: string) => chmod(join(top, "index.js"), 0o600) },
    { what: "a folder's mode", change: async (top: string) => chmod(join(top, "empty"), 0o700) },
    { what: "a new file", change: async (top: string) => writeFile(join(top, "empty/new"), "") },
    { what: "a new folder", change: async (top: string) => mkdir(join(top, "empty", "new")) },
    { what: "a file that is gone", change: async (top: string) => rm(join(top, "lib/deep/tool")) },
    {
      what: "another name",
      change: async (top: string) => rename(join(top, "lib", "deep"), join(top, "lib", "other")),
    },
    {
      what: "the same content under another inode",
      change: async (top: string) => {
        await copyFile(join(top, "index.js"), join(top, "copy"));
        await rename(join(top, "copy"), join(top, "index.js"));
      },
    },
    {
      what: "another link target",
      change: async (top: string) => {
        await rm(join(top, "lib", "tool"));
        await symlink("deep/toll", join(top, "lib", "tool"));
      },
    },
  ])("notices $what", async ({ change }) => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "app"));
      await utimes(join(folder, "app", "index.js"), 1, 1);
      const before = await print(folder);
      await nextTick(folder);

      await change(join(folder, "app"));

      expect(before).toMatch(/^[0-9a-f]{64}$/u);
      expect(await print(folder)).not.toBe(before);
    });
  });

  it("stays when the tree is read, copied, or moved as one", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "old"));
      const before = await files.fingerprint(folder, "old", NEVER);

      await files.measure(folder, "old", NEVER);
      await files.copy(join(folder, "old"), join(folder, "copy"), NEVER);
      await rename(join(folder, "old"), join(folder, "app"));

      expect(await print(folder)).toBe(before);
      expect(await files.fingerprint(folder, "copy", NEVER)).not.toBe(before);
    });
  });

  it("knows a single file, and nothing of what is absent", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "app"), "one");
      const before = await print(folder);
      await nextTick(folder);

      await writeFile(join(folder, "app"), "other");

      expect(before).toMatch(/^[0-9a-f]{64}$/u);
      expect(await print(folder)).not.toBe(before);
      expect(await files.fingerprint(folder, "gone", NEVER)).toBeUndefined();
    });
  });
});

describe("measuring", () => {
  it("counts files and bytes, and knows absent paths and links", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "app"));

      const tree = await files.measure(folder, "app", NEVER);
      const pointer = await files.measure(folder, "app/lib/tool", NEVER);
      const absent = await files.measure(folder, "app/gone", NEVER);

      expect(tree).toMatchObject({ path: "app", kind: "directory", files: 4 });
      expect(pointer).toMatchObject({ path: "app/lib/tool", kind: "link", files: 1 });
      expect(absent).toEqual({ path: "app/gone", kind: "absent", digest: "", files: 0, bytes: 0 });
    });
  });

  it("gives the same digest again, wherever the tree lies", async () => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "one"));
      await aTree(join(folder, "else", "where"));

      const one = await files.measure(folder, "one", NEVER);
      const other = await files.measure(join(folder, "else"), "where", NEVER);

      expect(other.digest).toBe(one.digest);
    });
  });

  /** One row per thing that a digest must notice. */
  const changes: readonly (readonly [string, (top: string) => Promise<unknown>])[] = [
    [
      "a changed content of the same length",
      async (top) => writeFile(join(top, "index.js"), "console.log(2);\n"),
    ],
    ["a permission bit", async (top) => chmod(join(top, "lib", "deep", "tool"), 0o644)],
    ["a folder's permission bit", async (top) => chmod(join(top, "lib"), 0o700)],
    [
      "a link's target",
      async (top) =>
        files
          .remove(join(top, "dangling"))
          .then(async () => symlink("/else", join(top, "dangling"))),
    ],
    ["a new empty folder", async (top) => mkdir(join(top, "another"))],
    ["a renamed file", async (top) => files.rename(join(top, "index.js"), join(top, "main.js"))],
    [
      "a file moved into a folder",
      async (top) => files.rename(join(top, "index.js"), join(top, "lib", "index.js")),
    ],
    [
      "a link in the place of an equal file",
      async (top) => {
        await files.rename(join(top, "index.js"), join(top, "real.js"));
        await symlink("real.js", join(top, "index.js"));
      },
    ],
  ];

  it.each(changes)("sees %s", async (_name, change) => {
    await withTempFolder(async (folder) => {
      await aTree(join(folder, "app"));
      const before = await files.measure(folder, "app", NEVER);

      await change(join(folder, "app"));

      const after = await files.measure(folder, "app", NEVER);
      expect(after.digest).not.toBe(before.digest);
    });
  });
});
