import { access, chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { captureRelease, type CapturePorts } from "../../src/release/capture.ts";
import type { Files } from "../../src/system/files.ts";
import { GOOD_COMMIT } from "../support/builders.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

async function captureWith(
  patient: Patient,
  files: Partial<Files>,
  id = "rel-1",
): Promise<unknown> {
  const ports: CapturePorts = { ...patient.ports, files: { ...patient.ports.files, ...files } };
  const { application, state: stateFolder } = patient;
  const identity = await patient.identity();
  return captureRelease(
    ports,
    { application, stateFolder, id, now: patient.clock.now(), identity },
    LIVE,
  );
}

describe("capturing a release", () => {
  it("keeps every path once, with definitions and a manifest nobody else can read", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);

      const release = await patient.capture("rel-1");

      const at = join(patient.state, "releases", "rel-1");
      expect(await patient.ports.catalogue.get("rel-1")).toEqual(release);
      expect(release.artifacts.map(({ path, files }) => [path, files])).toEqual([
        ["server", 3],
        ["web", 1],
        ["package-lock.json", 1],
      ]);
      expect(release.configFiles.map(({ path, kindOfConfig }) => [path, kindOfConfig])).toEqual([
        [".env", "environment"],
        ["server/config/monitoring.config.js", "monitoring"],
      ]);
      expect(release.services.map(({ instances }) => instances)).toEqual([1, 1, 1]);
      expect(release.services.map(({ workedIn }) => workedIn)).toEqual([
        [patient.root],
        [patient.root],
        [patient.root],
      ]);
      expect(release.interpreter).toBe("v20.20.2");
      expect(await modeOf(at)).toBe(0o700);
      expect(await modeOf(join(at, "pm2.json"))).toBe(0o600);
      expect(await modeOf(join(at, "manifest.json"))).toBe(0o600);
      const definitions = await patient.ports.catalogue.readDefinitions("rel-1");
      expect(definitions.map(({ name, env }) => [name, env["NAME"]])).toEqual([
        ["api", "api"],
        ["importer", "importer"],
        ["cleaner", "cleaner"],
      ]);
    });
  });

  it("tags the commit with the runbook's name in UTC", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);

      const release = await patient.capture("rel-1");

      expect(release.tag).toBe("pre-deployment-20261122-120000");
      expect(patient.git.calls).toEqual([`tag pre-deployment-20261122-120000 ${GOOD_COMMIT}`]);
    });
  });

  it("makes no tag for a capture that fails, however late", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);

      const capturing = captureWith(patient, {
        writeAtomic: async () => {
          throw new Error("no space");
        },
      });

      await expect(capturing).rejects.toThrow("no space");

      expect(patient.git.calls).toEqual([]);
    });
  });

  it("has its tag before it is a release, so that a kill never leaves one without", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const tagsAtRename: string[] = [];
      const { files } = patient.ports;

      await captureWith(patient, {
        rename: async (from, to) => {
          tagsAtRename.push(...patient.git.calls);
          await files.rename(from, to);
        },
      });

      expect(tagsAtRename).toEqual([`tag pre-deployment-20261122-120000 ${GOOD_COMMIT}`]);
    });
  });

  it("makes no tag outside a repository", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      patient.git.setAbsent(true);

      expect((await patient.capture("rel-1")).tag).toBeNull();
    });
  });

  it("keeps modes and links, and remembers that a path was absent", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await chmod(join(patient.root, "server/main.js"), 0o750);
      await symlink("main.js", join(patient.root, "server/link.js"));
      await patient.ports.files.remove(join(patient.root, "web"));

      const release = await patient.capture("rel-1");

      const tree = patient.ports.catalogue.treeOf("rel-1");
      expect(await modeOf(join(tree, "server/main.js"))).toBe(0o750);
      expect(await patient.ports.files.kind(join(tree, "server/link.js"))).toBe("link");
      expect(release.artifacts.find(({ path }) => path === "web")?.kind).toBe("absent");
    });
  });

  it("is refused when a file changes while it is copied, and leaves nothing", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const { files } = patient.ports;

      const capturing = captureWith(patient, {
        copy: async (from, to, signal) => {
          await files.copy(from, to, signal);
          await patient.write("server/main.js", "half deployed");
        },
      });

      await expect(capturing).rejects.toMatchObject({ code: "release-damaged" });
      expect(await readdir(join(patient.state, "releases"))).toEqual([]);
    });
  });

  it("is refused when the commit is no longer the one that was seen", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const { files, git } = patient.ports;

      const capturing = captureWith(patient, {
        copy: async (from, to, signal) => {
          await files.copy(from, to, signal);
          await git.pointHead(patient.root, "b".repeat(40), signal);
        },
      });

      await expect(capturing).rejects.toThrow("commit aaaaaaaa -> bbbbbbbb");
    });
  });

  it("is refused before anything is copied when space is short", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);

      const capturing = captureWith(patient, { freeBytes: async () => 64 * 1024 * 1024 });

      await expect(capturing).rejects.toThrow("are free");
      expect(await readdir(join(patient.state, "releases"))).toEqual([]);
    });
  });

  it("is refused through a linked folder", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.ports.files.rename(`${patient.root}/server`, `${folder}/elsewhere`);
      await symlink(`${folder}/elsewhere`, join(patient.root, "server"));

      await expect(patient.capture("rel-1")).rejects.toMatchObject({ code: "path-refused" });
    });
  });

  it("is refused under an id that exists", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.capture("rel-1");

      await expect(patient.capture("rel-1")).rejects.toThrow("already");
      expect(await patient.ports.catalogue.get("rel-1")).toMatchObject({ id: "rel-1" });
    });
  });

  it("clears away what a killed capture left", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const left = join(patient.state, "releases", "rel-0.partial");
      await mkdir(left, { recursive: true });
      await writeFile(join(left, "half"), "");

      await patient.capture("rel-1");

      await expect(access(left)).rejects.toThrow("ENOENT");
    });
  });
});
