import { chmod, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Release } from "../../src/model/release.ts";
import { coolDown, warmPath, warmUp, type WarmUp } from "../../src/release/warm.ts";
import type { Files } from "../../src/system/files.ts";
import { aLife, Death, mortalPorts } from "../support/mortal.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

const WARM = ".rollwatch/warm";
const TREE = `${WARM}/rel-1/tree`;
const UNITS = ["server", "web", "package-lock.json", ".env"];

interface Scene {
  readonly patient: Patient;
  readonly release: Release;
  readonly at: (...parts: readonly string[]) => string;
  readonly warm: (files?: Partial<Files>) => Promise<WarmUp>;
  /** The paths whose warm copy is believed. */
  readonly believed: () => Promise<readonly string[]>;
}

async function withScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const release = await patient.capture("rel-1");
    const { files, catalogue } = patient.ports;
    await body({
      patient,
      release,
      at: (...parts) => join(patient.root, ...parts),
      warm: async (over = {}) =>
        warmUp({ files: { ...files, ...over }, catalogue }, patient.root, release, LIVE),
      believed: async () => believedPaths(patient, release),
    });
  });
}

async function believedPaths({ ports, root }: Patient, release: Release): Promise<string[]> {
  const found: string[] = [];
  for (const { path, digest } of [...release.artifacts, ...release.configFiles]) {
    const wanted = { release: release.id, path, digest };
    if ((await warmPath(ports.files, root, wanted, LIVE)) !== undefined) {
      found.push(path);
    }
  }
  return found;
}

describe("a warm copy", () => {
  it("holds every outermost path as captured, for its owner alone and hidden from git", async () => {
    await withScene(async ({ patient, release, at, warm, believed }) => {
      const came = await warm();

      const copy = await patient.ports.files.measure(at(TREE), "server", LIVE);
      expect(came).toEqual({ kind: "made" });
      expect(copy.digest).toBe(release.artifacts[0]?.digest);
      expect(await believed()).toEqual(UNITS);
      expect((await stat(at(WARM, "rel-1"))).mode & 0o777).toBe(0o700);
      expect((await stat(at(WARM, "rel-1", "proof.json"))).mode & 0o777).toBe(0o600);
      expect(await patient.read(".rollwatch/.gitignore")).toBe("*\n");
    });
  });

  it("that is intact is left alone, and others are removed", async () => {
    await withScene(async ({ patient, at, warm }) => {
      await warm();
      await patient.write(`${WARM}/rel-0/tree/server/main.js`, "old");
      const before = await patient.ports.files.fingerprint(at(TREE), ".", LIVE);

      const came = await warm();

      expect(came).toEqual({ kind: "intact" });
      expect(await patient.ports.files.fingerprint(at(TREE), ".", LIVE)).toBe(before);
      expect(await patient.ports.files.list(at(WARM))).toEqual(["rel-1"]);
    });
  });

  it("is not made of paths that the release does not have", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.ports.files.remove(join(patient.root, "web"));
      const release = await patient.capture("rel-1");

      await warmUp(patient.ports, patient.root, release, LIVE);

      expect(await believedPaths(patient, release)).not.toContain("web");
      expect(await warmUp(patient.ports, patient.root, release, LIVE)).toEqual({ kind: "intact" });
    });
  });

  /** One row per way in which it can stop being what was proven. */
  it.each([
    {
      what: "changed",
      harm: async (tree: string) => writeFile(join(tree, "server/main.js"), "bad!"),
    },
    { what: "lacking a file", harm: async (tree: string) => rm(join(tree, "server/release")) },
    { what: "with more", harm: async (tree: string) => writeFile(join(tree, "server/more"), "") },
    { what: "with other modes", harm: async (tree: string) => chmod(join(tree, "server"), 0o700) },
    {
      what: "used up",
      harm: async (tree: string) => rm(join(tree, "server"), { recursive: true }),
    },
  ])("$what is not believed, and made anew", async ({ harm }) => {
    await withScene(async ({ patient, at, warm, believed }) => {
      await warm();
      await harm(at(TREE));

      const before = await believed();
      const came = await warm();

      expect(before).toEqual(UNITS.filter((path) => path !== "server"));
      expect(came).toEqual({ kind: "made" });
      expect(await believed()).toEqual(UNITS);
      expect(await patient.read(`${TREE}/server/main.js`)).toBe("good");
    });
  });

  it("is read in full: a disk that rots changes no times", async () => {
    await withScene(async ({ patient, warm }) => {
      await warm();
      const { files } = patient.ports;
      let isRotten = true;

      const came = await warm({
        measure: async (root, path, signal) => {
          const found = await files.measure(root, path, signal);
          const digest = isRotten && path === "web" ? "rotten" : found.digest;
          isRotten &&= path !== "web";
          return { ...found, digest };
        },
      });

      expect(came).toEqual({ kind: "made" });
    });
  });

  it("is not believed for another digest or release, nor when its proof is gone or unreadable", async () => {
    await withScene(async ({ patient, release, at, warm, believed }) => {
      await warm();
      const { files } = patient.ports;
      const wanted = { release: "rel-1", path: "web", digest: release.artifacts[1]?.digest ?? "" };

      const other = { ...wanted, digest: "other" };
      const unknown = { ...wanted, release: "rel-2" };
      expect(await warmPath(files, patient.root, wanted, LIVE)).toBe(at(TREE, "web"));
      expect(await warmPath(files, patient.root, other, LIVE)).toBeUndefined();
      expect(await warmPath(files, patient.root, unknown, LIVE)).toBeUndefined();

      await writeFile(at(WARM, "rel-1", "proof.json"), "{");
      expect(await believed()).toEqual([]);

      await rm(at(WARM, "rel-1", "proof.json"));
      expect(await believed()).toEqual([]);
    });
  });

  it("is not called missing when the asking was aborted", async () => {
    await withScene(async ({ patient, release, warm }) => {
      await warm();
      const wanted = { release: "rel-1", path: "web", digest: release.artifacts[1]?.digest ?? "" };
      const reason = new Error("stop");

      const asked = warmPath(patient.ports.files, patient.root, wanted, AbortSignal.abort(reason));

      await expect(asked).rejects.toBe(reason);
    });
  });

  it("behind a link is neither made nor believed", async () => {
    await withScene(async ({ patient, at, warm, believed }) => {
      await warm();
      await patient.ports.files.rename(at(WARM), at("elsewhere"));
      await symlink(at("elsewhere"), at(WARM));

      await expect(warm()).rejects.toMatchObject({ code: "path-refused" });
      expect(await believed()).toEqual([]);
    });
  });

  it("is not made when a rollback would then lack the space for a copy of its own", async () => {
    await withScene(async ({ patient, at, release, warm }) => {
      const bytes = [...release.artifacts, release.configFiles[0]].reduce(
        (sum, path) => sum + (path?.bytes ?? 0),
        0,
      );
      const neededBytes = Math.ceil(2 * bytes * 1.1) + 64 * 1024 * 1024;

      const came = await warm({ freeBytes: async () => neededBytes - 1 });
      const enough = await warm({ freeBytes: async () => neededBytes });

      expect(came).toEqual({ kind: "no-space", neededBytes, freeBytes: neededBytes - 1 });
      expect(enough).toEqual({ kind: "made" });
      expect(await patient.ports.files.list(at(WARM))).toEqual(["rel-1"]);
    });
  });

  it("of a damaged capture is not made, and leaves nothing", async () => {
    await withScene(async ({ patient, at, warm }) => {
      await writeFile(join(patient.ports.catalogue.treeOf("rel-1"), "server/main.js"), "rotten");

      await expect(warm()).rejects.toMatchObject({ code: "release-damaged" });
      expect(await patient.ports.files.list(at(WARM))).toEqual([]);
    });
  });

  it("that is aborted is not believed, and not cleared away while somebody waits", async () => {
    await withScene(async ({ patient, at, release, believed }) => {
      const stopping = new AbortController();
      const { files, catalogue } = patient.ports;
      const copying: Files = {
        ...files,
        copy: async (from, to, signal) => {
          await files.copy(from, to, signal);
          stopping.abort();
        },
      };

      const work = warmUp({ files: copying, catalogue }, patient.root, release, stopping.signal);

      await expect(work).rejects.toThrow("abort");
      expect(await believed()).toEqual([]);
      expect(await patient.read(`${TREE}/server/main.js`)).toBe("good");
      expect(await files.kind(at(WARM, "rel-1", "proof.json"))).toBe("absent");
    });
  });

  it("goes with all others when it is not wanted", async () => {
    await withScene(async ({ patient, at, warm, believed }) => {
      await warm();

      await coolDown(patient.ports.files, patient.root);

      expect(await believed()).toEqual([]);
      expect(await patient.ports.files.kind(at(WARM))).toBe("absent");
    });
  });
});

/** Dies at the nth effect and is called again; whether there were that many. */
async function killAndRepeat(nth: number, when: "before" | "after"): Promise<boolean> {
  const life = aLife({ nth, when });
  await withScene(async ({ patient, release, at, warm, believed }) => {
    // An older copy, and one of which a path was used up: everything that there is to do.
    await warm();
    await mkdir(at(WARM, "rel-0"));
    await rm(at(TREE, "server"), { recursive: true });

    const mortal = warmUp(mortalPorts(patient.ports, life), patient.root, release, LIVE);
    const died = await mortal.catch((error: unknown) => error);

    const captured = [...release.artifacts, ...release.configFiles];
    expect(died instanceof Death).toBe(life.isOver);
    for (const path of await believed()) {
      const found = await patient.ports.files.measure(at(TREE), path, LIVE);
      expect(found.digest).toBe(captured.find((one) => one.path === path)?.digest);
    }
    await warm();
    expect(await believed()).toEqual(UNITS);
    expect(await patient.ports.files.list(at(WARM))).toEqual(["rel-1"]);
  });
  return life.isOver;
}

describe("making a warm copy that is killed", () => {
  it.each(["before", "after"] as const)("%s any effect leaves nothing false", async (when) => {
    let kills = 0;
    while (await killAndRepeat(kills + 1, when)) {
      kills += 1;
    }

    expect(kills).toBeGreaterThan(8);
  });
});
