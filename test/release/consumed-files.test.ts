import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ServiceSettings } from "../../src/model/application.ts";
import { type ConsumedOrder, listConsumed } from "../../src/release/consumed-files.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;
const ALL: ConsumedOrder = { since: 0, isHashed: false };

function portsOf(root: string, consumes: Readonly<Record<string, readonly string[]>>) {
  const services = Object.entries(consumes).map(([name, folders]) =>
    ServiceSettings.parse({ name, ...(folders.length === 0 ? {} : { consumes: folders }) }),
  );
  return { application: { root, services }, files: openFiles(), clock: openClock() };
}

describe("the files that services have consumed", () => {
  it("are listed by folder with who consumes them, and hashed where that is asked for", async () => {
    await withTempFolder(async (root) => {
      await mkdir(join(root, "data/imported"), { recursive: true });
      await writeFile(join(root, "data/imported/a.csv"), "abc");
      const ports = portsOf(root, { csv: ["data/imported"], feed: ["data/imported"], web: [] });

      const plain = await listConsumed(ports, ALL, LIVE);
      const hashed = await listConsumed(ports, { ...ALL, isHashed: true }, LIVE);

      const file = { path: "data/imported/a.csv", bytes: 3 };
      const folder = { services: ["csv", "feed"], folder: "data/imported", more: 0, problem: null };
      expect(plain).toMatchObject([{ ...folder, files: [{ ...file, sha256: null }] }]);
      expect(hashed?.[0]?.files[0]?.sha256).toMatch(/^ba7816bf/u);
    });
  });

  it("are nothing where no service declares a folder", async () => {
    expect(await listConsumed(portsOf("/none", { web: [] }), ALL, LIVE)).toBeUndefined();
  });

  it.each([
    ["none", "there is no such folder"],
    ["file", "it is a file, no folder"],
    // Whatever is behind it may be anybody's.
    ["link", "it is a link, no folder"],
    ["link/deeper", "is a link, not a folder"],
  ])("cannot be told of %s, and that is said", async (folder, reason) => {
    await withTempFolder(async (root) => {
      await writeFile(join(root, "file"), "");
      await mkdir(join(root, "elsewhere/deeper"), { recursive: true });
      await symlink(join(root, "elsewhere"), join(root, "link"));

      const listed = await listConsumed(portsOf(root, { csv: [folder] }), ALL, LIVE);

      expect(listed).toMatchObject([
        { folder, files: [], problem: expect.stringContaining(reason) },
      ]);
    });
  });
});
