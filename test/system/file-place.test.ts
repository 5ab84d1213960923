import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFiles } from "../../src/system/files.ts";
import { withTempFolder } from "../support/temp.ts";

const files = openFiles();
const isRoot = process.getuid?.() === 0;

describe("whether a path can be renamed out of its folder", () => {
  it("is so for what lies in a folder of one's own, there or not", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "there"));

      expect(await files.whyFixed(join(folder, "there"))).toBeUndefined();
      expect(await files.whyFixed(join(folder, "not/there"))).toBeUndefined();
    });
  });

  it.skipIf(isRoot)("is not so where the folder may not be written", async () => {
    await withTempFolder(async (folder) => {
      await mkdir(join(folder, "locked/path"), { recursive: true });
      await chmod(join(folder, "locked"), 0o500);

      const reason = await files.whyFixed(join(folder, "locked/path"));

      expect(reason).toBe(`this user may not write in ${join(folder, "locked")}`);
    });
  });

  it.skipIf(!isRoot)("is not so for a mount point", async () => {
    expect(await files.whyFixed("/proc")).toBe("it is a mount point of its own");
  });
});
