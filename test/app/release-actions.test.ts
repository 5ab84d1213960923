import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  captureNow,
  diffReleases,
  pruneReleases,
  showRelease,
  verifyReleases,
} from "../../src/app/release-actions.ts";
import type { Daemon } from "../../src/app/daemon.ts";
import { anOpening, aPlan } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;

/** A release of this name is deployed and captured; returns the capture's id. */
async function captured({ daemon, world }: Parts, name: string): Promise<string> {
  await world.clock.advance(1000);
  await world.install(name, "works");
  return captureNow(daemon, LIVE);
}

/** npm's lock file for packages of these versions. */
function lockOf(versions: Readonly<Record<string, string>>): string {
  const packages = Object.entries(versions).map(([name, version]) => [
    `node_modules/${name}`,
    { version },
  ]);
  return JSON.stringify({ packages: { "": {}, ...Object.fromEntries(packages) } });
}

function keeping(daemon: Daemon, keep: number): Daemon {
  return { ...daemon, config: { ...daemon.config, release: { ...daemon.config.release, keep } } };
}

describe("a capture by hand", () => {
  it("captures what is deployed, without proving it", async () => {
    await withDaemon(async (parts) => {
      const id = await captureNow(parts.daemon, LIVE);

      expect(parts.written()).toEqual(["release-captured"]);
      expect((await parts.daemon.catalogue.get(id)).identity.served).toBe("good-1");
    });
  });

  it("is the one there is when nothing has changed since", async () => {
    await withDaemon(async (parts) => {
      const first = await captureNow(parts.daemon, LIVE);
      const second = await captureNow(parts.daemon, LIVE);
      const third = await captured(parts, "good-2");

      expect(second).toBe(first);
      expect(third).not.toBe(first);
    });
  });

  it.each([
    [{ kind: "dead", reason: "no daemon process" }, "pm2 is dead: no daemon process"],
    [{ kind: "doubled", reason: "7 and 8" }, "pm2 is doubled: 7 and 8"],
  ] as const)("is refused while nobody can say what pm2 has: %o", async (daemon, message) => {
    await withDaemon(async (parts) => {
      parts.world.pm2.setDaemon(daemon);

      const capturing = captureNow(parts.daemon, LIVE);

      await expect(capturing).rejects.toMatchObject({ code: "pm2-unreachable", message });
    });
  });

  it("is refused while a recovery is open", async () => {
    await withDaemon(async ({ daemon, record }) => {
      record(anOpening(), { kind: "planned", plan: aPlan() });

      await expect(captureNow(daemon, LIVE)).rejects.toMatchObject({ code: "refused" });
    });
  });
});

describe("looking at captures", () => {
  it("finds the one that is damaged", async () => {
    await withDaemon(async (parts) => {
      const { daemon } = parts;
      const first = await captured(parts, "good-1");
      const second = await captured(parts, "good-2");
      await writeFile(join(daemon.catalogue.treeOf(first), "server/release"), "forged");

      const { releases, unreadable } = await verifyReleases(daemon, {}, LIVE);

      expect(releases.map(({ id, ready }) => [id, ready])).toEqual([
        [second, true],
        [first, false],
      ]);
      expect(unreadable).toEqual([]);
    });
  });

  it("tells one that cannot be read apart, and knows no other", async () => {
    await withDaemon(async (parts) => {
      const { daemon } = parts;
      const id = await captured(parts, "good-1");
      await writeFile(join(daemon.catalogue.folderOf(id), "manifest.json"), "{");

      const check = await verifyReleases(daemon, { release: id }, LIVE);
      const unknown = verifyReleases(daemon, { release: "rel-none" }, LIVE);

      expect(check.unreadable).toEqual([{ id, reason: expect.stringContaining("manifest") }]);
      await expect(unknown).rejects.toMatchObject({ code: "release-unknown" });
    });
  });
});

describe("pruning", () => {
  it("keeps the newest, the one proven last, and what runs", async () => {
    await withDaemon(async (parts) => {
      const ids: string[] = [];
      for (const name of ["r1", "r2", "r3", "r4"]) {
        ids.push(await captured(parts, name));
      }
      const [first, second, , last] = ids;
      parts.record({ kind: "release-proven", release: first ?? "" });
      await parts.world.install("r2", "works");
      await parts.daemon.surroundings.lookAtAll(LIVE);

      const said = await pruneReleases(keeping(parts.daemon, 1), { dryRun: true });
      const before = await parts.daemon.catalogue.list();
      const pruned = await pruneReleases(keeping(parts.daemon, 1));

      expect(said).toEqual([ids[2]]);
      expect(before).toHaveLength(4);
      expect(pruned).toEqual(said);
      const left = (await parts.daemon.catalogue.list()).map((item) =>
        item.kind === "release" ? item.release.id : item.id,
      );
      expect(new Set(left)).toEqual(new Set([first, second, last]));
    });
  });

  it("keeps the newest security floor, and lets older ones go", async () => {
    await withDaemon(async (parts) => {
      const older = await captured(parts, "r1");
      const floor = await captured(parts, "r2");
      await captured(parts, "r3");
      for (const release of [floor, older]) {
        parts.record({ kind: "release-marked", release, by: "kim", reason: "CVE" });
      }

      const pruned = await pruneReleases(keeping(parts.daemon, 1));

      expect(pruned).toEqual([older]);
      const { floors } = parts.daemon.journal.history();
      expect(floors.map(({ release }) => release)).toEqual([floor, older]);
    });
  });

  it("keeps what an open plan goes back to", async () => {
    await withDaemon(async (parts) => {
      const target = await captured(parts, "r1");
      await captured(parts, "r2");
      await captured(parts, "r3");
      parts.record(anOpening(), { kind: "planned", plan: aPlan({ target }) });

      const pruned = await pruneReleases(keeping(parts.daemon, 1));

      expect(pruned).not.toContain(target);
      expect(pruned).toHaveLength(1);
    });
  });
});

describe("what a release is told by", () => {
  it("is its manifest in full, without a secret's value", async () => {
    await withDaemon(async (parts) => {
      await parts.world.write(".env", "API_KEY=tell-nobody\n");
      const id = await captured(parts, "good-2");

      const details = await showRelease(parts.daemon, id);

      expect(details).toMatchObject({
        id,
        interpreter: "v20.20.2",
        provenAt: null,
        services: ["api", "importer", "cleaner"],
        ready: true,
        database: null,
      });
      expect(details.paths.map(({ path, kindOfConfig }) => [path, kindOfConfig])).toEqual([
        ["server", null],
        ["package-lock.json", null],
        [".env", "environment"],
        ["limits.yaml", "monitoring"],
      ]);
      expect(JSON.stringify(details)).not.toContain("tell-nobody");
      await expect(showRelease(parts.daemon, "rel-none")).rejects.toMatchObject({
        code: "release-unknown",
      });
    });
  });

  it("differs from what is deployed in packages, and counts the files of each artefact", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world } = parts;
      await world.write("package-lock.json", lockOf({ pg: "8.1.0", ws: "8.0.0" }));
      const first = await captureNow(daemon, LIVE);
      await world.write("package-lock.json", lockOf({ pg: "8.2.0", zod: "4.0.0" }));
      await world.write("server/extra.js", "more");

      const { changes, artifacts } = await diffReleases(daemon, first, "deployed", LIVE);

      const packages = changes.filter(({ kind }) => kind === "package");
      expect(packages.map(({ name, change, detail }) => `${name} ${change} ${detail}`)).toEqual([
        "pg changed 8.1.0 -> 8.2.0",
        "ws removed 8.0.0",
        "zod added 4.0.0",
      ]);
      expect(artifacts).toEqual([
        { path: "server", added: 1, removed: 0, changed: 0 },
        { path: "package-lock.json", added: 0, removed: 0, changed: 1 },
      ]);
    });
  });

  it("differs from another in files, in names of configuration and in definitions, never in secrets", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world } = parts;
      await world.write(".env", "API_KEY=old-secret\nPORT=1\n");
      const first = await captured(parts, "good-2");
      await world.write(".env", "API_KEY=new-secret\nHOST=x\n");
      await world.write("server/extra.js", "more");
      const second = await captured(parts, "good-3");

      const { changes, from, to } = await diffReleases(daemon, first, second, LIVE);

      expect([from, to]).toEqual([first, second]);
      expect(changes.map(({ kind, name, change }) => `${kind}: ${name} ${change}`)).toEqual([
        "identity: commit changed",
        "identity: served changed",
        "identity: lockfile changed",
        "file: server/extra.js added",
        "file: server/release changed",
        "file: package-lock.json changed",
        "configuration: .env API_KEY changed",
        "configuration: .env HOST added",
        "configuration: .env PORT removed",
      ]);
      expect(JSON.stringify(changes)).not.toMatch(/old-secret|new-secret/u);
    });
  });

  it("differs from what is deployed", async () => {
    await withDaemon(async (parts) => {
      const id = await captured(parts, "good-2");
      await parts.world.write("server/main.js", "answers 500");

      const { changes } = await diffReleases(parts.daemon, id, "deployed", LIVE);

      expect(changes.map(({ kind, name }) => `${kind}: ${name}`)).toEqual(["file: server/main.js"]);
    });
  });
});
