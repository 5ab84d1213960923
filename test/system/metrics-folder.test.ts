import { symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type MetricsPages, openMetricsFolders } from "../../src/system/metrics-folder.ts";
import { withTempFolder } from "../support/temp.ts";

const { signal } = new AbortController();

async function read(folder: string, now = Date.now()): Promise<MetricsPages> {
  return openMetricsFolders({ now: () => now }).read(folder, signal);
}

describe("a folder of metrics", () => {
  it("gives the pages of all its processes as one", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "17.prom"), 'up{worker="17"} 1\n');
      await writeFile(join(folder, "18.prom"), 'up{worker="18"} 1\n');
      await writeFile(join(folder, "18.prom.new"), "half");
      await writeFile(join(folder, "notes"), "not a page");

      const pages = await read(folder);

      const lines =
        pages.kind === "read" ? pages.text.split("\n").filter((line) => line !== "") : [];
      expect(lines.toSorted()).toEqual(['up{worker="17"} 1', 'up{worker="18"} 1']);
    });
  });

  it("leaves out a page that nobody wrote lately, a link, and one that is too large", async () => {
    await withTempFolder(async (folder) => {
      await writeFile(join(folder, "17.prom"), "old 1\n");
      await utimes(join(folder, "17.prom"), new Date(1000), new Date(1000));
      await writeFile(join(folder, "secret"), "secret 1\n");
      await symlink(join(folder, "secret"), join(folder, "18.prom"));
      await writeFile(join(folder, "19.prom"), "x".repeat(600 * 1024));

      expect(await read(folder)).toEqual({
        kind: "none",
        detail: `no process wrote to ${folder} lately`,
      });
    });
  });

  it("that is not there has none", async () => {
    expect(await read("/nowhere/metrics")).toEqual({
      kind: "none",
      detail: "there is no folder /nowhere/metrics",
    });
  });
});
