import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCatalogue } from "../../src/release/catalogue.ts";
import { openFiles } from "../../src/system/files.ts";
import { aRelease, aWarmDatabase } from "../support/builders.ts";
import { withTempFolder } from "../support/temp.ts";

async function put(state: string, id: string, manifest?: unknown): Promise<string> {
  const folder = join(state, "releases", id);
  await mkdir(folder, { recursive: true });
  if (manifest !== undefined) {
    await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  }
  return folder;
}

describe("the catalogue", () => {
  it("lists releases and names what is wrong with the others", async () => {
    await withTempFolder(async (state) => {
      const catalogue = openCatalogue(openFiles(), state);
      await put(state, "a", aRelease({ id: "a" }));
      await put(state, "b", { ...aRelease({ id: "b" }), format: 2 });
      await put(state, "c");
      await put(state, "d", { format: 1 });
      await put(state, "e", aRelease({ id: "other" }));
      await put(state, "f.partial");

      const items = await catalogue.list();

      expect(
        items.map((item) =>
          item.kind === "release" ? item.release.id : `${item.id}: ${item.reason}`,
        ),
      ).toEqual([
        "a",
        expect.stringContaining("b: release b cannot be used: a newer rollwatch wrote it"),
        expect.stringContaining("its manifest is missing"),
        expect.stringContaining("its manifest cannot be read"),
        expect.stringContaining("its manifest cannot be read"),
      ]);
    });
  });

  it("is empty before the first capture", async () => {
    await withTempFolder(async (state) => {
      expect(await openCatalogue(openFiles(), state).list()).toEqual([]);
    });
  });

  it.each(["..", "../x", "a/b", "", "a.partial", "-x"])("knows no release %j", async (id) => {
    await withTempFolder(async (state) => {
      const catalogue = openCatalogue(openFiles(), state);

      await expect(catalogue.get(id)).rejects.toMatchObject({ code: "release-unknown" });
      expect(() => catalogue.treeOf(id)).toThrow("is no release id");
    });
  });

  it("tells an unknown release from a damaged one", async () => {
    await withTempFolder(async (state) => {
      const catalogue = openCatalogue(openFiles(), state);
      await put(state, "a");

      await expect(catalogue.get("a")).rejects.toMatchObject({ code: "release-damaged" });
      await expect(catalogue.get("b")).rejects.toMatchObject({ code: "release-unknown" });
    });
  });

  it("never shows the content of damaged definitions", async () => {
    await withTempFolder(async (state) => {
      const folder = await put(state, "a", aRelease({ id: "a" }));
      await writeFile(join(folder, "pm2.json"), '[{"env":{"TOKEN":"canary"}}');

      const reading = openCatalogue(openFiles(), state).readDefinitions("a");

      await expect(reading).rejects.toMatchObject({ code: "release-damaged" });
      await expect(reading).rejects.not.toThrow("canary");
    });
  });

  it("keeps what it is told of a warm database, for its owner alone, until it is forgotten", async () => {
    await withTempFolder(async (state) => {
      const catalogue = openCatalogue(openFiles(), state);
      const folder = await put(state, "a", aRelease({ id: "a" }));
      const warm = aWarmDatabase();

      await catalogue.writeWarm("a", warm);
      const kept = await catalogue.readWarm("a");
      const { mode } = await stat(join(folder, "warm.json"));
      await catalogue.writeWarm("a", undefined);

      expect(kept).toEqual(warm);
      expect(mode & 0o777).toBe(0o600);
      expect(await catalogue.readWarm("a")).toBeUndefined();
    });
  });

  it("removes a release, also one that is gone or half removed", async () => {
    await withTempFolder(async (state) => {
      const catalogue = openCatalogue(openFiles(), state);
      await put(state, "a", aRelease({ id: "a" }));
      await put(state, "a.partial");

      await catalogue.remove("a");
      await catalogue.remove("a");

      expect(await openFiles().list(join(state, "releases"))).toEqual([]);
    });
  });
});
