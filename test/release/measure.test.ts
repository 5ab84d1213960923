import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Release } from "../../src/model/release.ts";
import { measureCurrent } from "../../src/release/measure.ts";
import type { Files } from "../../src/system/files.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

interface Scene {
  readonly patient: Patient;
  readonly release: Release;
  /** The paths that differ from the captured ones, and those that were read to find out. */
  readonly look: (
    release: Release,
  ) => Promise<{ readonly changed: readonly string[]; readonly read: readonly string[] }>;
}

async function withScene(body: (scene: Scene) => Promise<void>, webFiles = 1): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const web = join(patient.root, "web", "many");
    await mkdir(web);
    await Promise.all(
      Array.from({ length: webFiles - 1 }, async (_, nth) => writeFile(join(web, `${nth}`), "")),
    );
    const release = await patient.capture("rel-1");
    const { files } = patient.ports;
    await body({
      patient,
      release,
      look: async (captured) => {
        const read: string[] = [];
        const watched: Files = {
          ...files,
          measure: async (root, path, signal) => {
            read.push(path);
            return files.measure(root, path, signal);
          },
        };
        const current = await measureCurrent(watched, patient.root, captured, LIVE);
        const wanted = [...captured.artifacts, ...captured.configFiles];
        const changed = current.filter(
          ({ path, kind, digest }) =>
            !wanted.some((one) => one.path === path && one.kind === kind && one.digest === digest),
        );
        return { changed: changed.map(({ path }) => path), read };
      },
    });
  });
}

/** As an older version captured it. */
function withoutFingerprints(release: Release): Release {
  const bare: Release = JSON.parse(
    JSON.stringify(release, (key, value: unknown) => (key === "fingerprint" ? undefined : value)),
  );
  return bare;
}

describe("what a release's paths are now", () => {
  it("is told without reading anything when nothing was touched", async () => {
    await withScene(async ({ release, look }) => {
      expect(await look(release)).toEqual({ changed: [], read: [] });
    });
  });

  it("is told by reading only what was touched", async () => {
    await withScene(async ({ patient, release, look }) => {
      await patient.write("server/main.js", "bad!");
      await patient.write("package-lock.json", "lock good");

      expect(await look(release)).toEqual({
        changed: ["server"],
        read: ["server", "package-lock.json"],
      });
    });
  });

  it("of a big tree that was touched is taken as changed, without reading it", async () => {
    await withScene(async ({ patient, release, look }) => {
      await patient.write("web/index.html", "page");

      expect(await look(release)).toEqual({ changed: ["web"], read: [] });
    }, 1001);
  });

  it("of a tree of a thousand files is read", async () => {
    await withScene(async ({ patient, release, look }) => {
      await patient.write("web/index.html", "page");

      expect(await look(release)).toEqual({ changed: [], read: ["web"] });
    }, 1000);
  });

  it("is found by reading where an older version captured", async () => {
    await withScene(async ({ release, look }) => {
      const { changed, read } = await look(withoutFingerprints(release));

      expect(changed).toEqual([]);
      expect(read).toContain("web");
    });
  });

  it("differs when a path is gone, or came", async () => {
    await withScene(async ({ patient, release, look }) => {
      await patient.ports.files.remove(join(patient.root, "web"));
      const { changed: gone } = await look(release);
      const without = await patient.capture("rel-2");
      await patient.write("web/index.html", "page");
      const { changed: came } = await look(without);

      expect(gone).toEqual(["web"]);
      expect(came).toEqual(["web"]);
    });
  });
});
