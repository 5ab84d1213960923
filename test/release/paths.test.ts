import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { confine } from "../../src/release/confine.ts";
import { isInside, outermost, releasePaths } from "../../src/release/paths.ts";
import { openFiles } from "../../src/system/files.ts";
import { aPatient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

describe("the paths of a release", () => {
  it("are switched as the outermost ones", () => {
    expect(outermost(["server", "server/config/a.js", "serverless", ".env", ".env"])).toEqual([
      "server",
      "serverless",
      ".env",
    ]);
  });

  it("lie inside a folder by whole names", () => {
    expect(isInside("server/a", "server")).toBe(true);
    expect(isInside("serverless", "server")).toBe(false);
  });

  it("are cleaned of dots and doubled slashes", async () => {
    await withTempFolder(async (folder) => {
      const { application } = await aPatient(folder);

      const paths = releasePaths({ ...application, artifacts: ["./server/", "server//", "web"] });

      expect(paths.artifacts).toEqual(["server", "web"]);
    });
  });
});

describe("confining a path", () => {
  it.each(["", ".", "..", "a/../b", "/etc/passwd", "a//b", "a/."])("refuses %j", async (path) => {
    await withTempFolder(async (root) => {
      await expect(confine(openFiles(), root, path)).rejects.toMatchObject({
        code: "path-refused",
      });
    });
  });

  it("refuses a link on the way, however deep, and takes one at the end", async () => {
    await withTempFolder(async (root) => {
      await openFiles().makeFolder(join(root, "a/b"), 0o755);
      await symlink("/etc", join(root, "a/link"));

      await expect(confine(openFiles(), root, "a/link/b/c")).rejects.toThrow("is a link");
      expect(await confine(openFiles(), root, "a/link")).toBe(join(root, "a/link"));
      expect(await confine(openFiles(), root, "a/b/not/yet")).toBe(join(root, "a/b/not/yet"));
    });
  });
});
