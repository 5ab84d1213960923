import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Release } from "../../src/model/release.ts";
import { checkRelease } from "../../src/release/readiness.ts";
import { warmUp } from "../../src/release/warm.ts";
import { GOOD_COMMIT } from "../support/builders.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

async function problemsAfter(
  harm: (patient: Patient, release: Release) => Promise<Partial<Patient["ports"]>>,
  isReadAgain = false,
): Promise<readonly string[]> {
  return withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const release = await patient.capture("rel-1");
    const ports = { ...patient.ports, ...(await harm(patient, release)) };

    const now = isReadAgain ? await patient.ports.catalogue.get("rel-1") : release;
    const readiness = await checkRelease(ports, patient.application, now, LIVE);

    return readiness.kind === "ready" ? [] : readiness.problems;
  });
}

describe("readiness", () => {
  it("is given when everything is there", async () => {
    expect(await problemsAfter(async () => ({}))).toEqual([]);
  });

  it("is lost when one byte of the capture changes", async () => {
    const problems = await problemsAfter(async ({ ports }) => {
      await writeFile(join(ports.catalogue.treeOf("rel-1"), "server/main.js"), "goof");
      return {};
    });

    expect(problems).toEqual(["the captured server is not what was captured"]);
  });

  it("is lost when the commit's objects are gone", async () => {
    const problems = await problemsAfter(async ({ git }) => {
      git.forget(GOOD_COMMIT);
      return {};
    });

    expect(problems).toEqual([`git no longer has commit ${GOOD_COMMIT}`]);
  });

  it("is lost when the definitions cannot be read", async () => {
    const problems = await problemsAfter(async ({ state }) => {
      await writeFile(join(state, "releases/rel-1/pm2.json"), "[{");
      return {};
    });

    expect(problems).toEqual([expect.stringContaining("its pm2.json cannot be read")]);
  });

  it("is lost when a service's definition is missing", async () => {
    const problems = await problemsAfter(async ({ state, ports }) => {
      const [first] = await ports.catalogue.readDefinitions("rel-1");
      await writeFile(join(state, "releases/rel-1/pm2.json"), JSON.stringify([first]));
      return {};
    });

    expect(problems).toEqual([
      "the pm2 definition of importer is missing",
      "the pm2 definition of cleaner is missing",
    ]);
  });

  it("is lost on another major version of Node", async () => {
    const problems = await problemsAfter(async ({ ports }) => ({
      processes: {
        ...ports.processes,
        run: async (command, signal) => ({
          ...(await ports.processes.run(command, signal)),
          stdout: "v24.1.0\n",
        }),
      },
    }));

    expect(problems).toEqual(["it ran on Node v20.20.2, here is v24.1.0"]);
  });

  it("is lost when the interpreter is gone", async () => {
    const problems = await problemsAfter(async ({ ports }) => ({
      processes: {
        ...ports.processes,
        run: async (command, signal) => ({
          ...(await ports.processes.run(command, signal)),
          kind: "not-found",
        }),
      },
    }));

    expect(problems).toEqual(["node --version gave no version"]);
  });

  it("is lost when the application's disk is full", async () => {
    const problems = await problemsAfter(async ({ ports }) => ({
      files: { ...ports.files, freeBytes: async () => 1000 },
    }));

    expect(problems).toEqual([expect.stringContaining("1000 are free")]);
  });

  it("needs no space for what has a warm copy", async () => {
    const bytes: number[] = [];
    for (const isWarm of [false, true]) {
      const [problem = ""] = await problemsAfter(async ({ ports, root }, release) => {
        if (isWarm) {
          await warmUp(ports, root, release, LIVE);
        }
        return { files: { ...ports.files, freeBytes: async () => 1000 } };
      });
      bytes.push(Number(/needs (\d+) bytes/u.exec(problem)?.[1]));
    }

    expect(bytes[0]).toBeGreaterThan(64 * 1024 * 1024);
    expect(bytes[1]).toBe(64 * 1024 * 1024);
  });

  it("is lost when the program that ran it is gone, whatever else PATH leads to", async () => {
    const problems = await problemsAfter(async ({ state }, release) => {
      const moved = { ...release, interpreterPath: join(state, "gone/node") };
      await writeFile(join(state, "releases/rel-1/manifest.json"), JSON.stringify(moved));
      return {};
    }, true);

    expect(problems).toEqual([
      expect.stringMatching(/^the Node that ran it, .*gone\/node, is gone$/u),
    ]);
  });

  it("is lost when a native module no longer loads; one that never did is not asked for", async () => {
    const harm = harmModules('\nrollwatch "no such symbol"\n');

    const problems = await problemsAfter(harm, true);

    expect(problems).toEqual([
      "the native module server/a.node does not load with Node v20.20.2: no such symbol",
    ]);
  });

  it("stands on a newer Node of the same major when every native module loads with it", async () => {
    const harm = harmModules("\nrollwatch null\n");

    const problems = await problemsAfter(harm, true);

    expect(problems).toEqual([]);
  });

  it("is lost when an artefact cannot be renamed, with the cure", async () => {
    const problems = await problemsAfter(async ({ ports, root }) => ({
      files: {
        ...ports.files,
        whyFixed: async (path) =>
          path === join(root, "web") ? "it is a mount point of its own" : undefined,
      },
    }));

    expect(problems).toEqual([
      "web cannot be switched: it is a mount point of its own; let rollwatch's user write its folder, and of a mount point name what lies in it",
    ]);
  });

  it("is not lost, but told, when there is no snapshot of the database", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const release = await patient.capture("rel-1");
      const none = { kind: "none", at: 1, reason: "no room" } as const;
      await patient.ports.catalogue.writeDatabase("rel-1", none);

      const readiness = await checkRelease(patient.ports, patient.application, release, LIVE);

      expect(readiness).toMatchObject({
        kind: "ready",
        databaseProblems: ["database: there is no snapshot: no room"],
      });
    });
  });
});

/** A capture with two native modules, of which one loaded; the loader now answers so. */
function harmModules(
  stdout: string,
): (patient: Patient, release: Release) => Promise<Partial<Patient["ports"]>> {
  return async ({ ports, state }, release) => {
    const nativeModules = [
      { path: "server/a.node", digest: "1", loads: true },
      { path: "server/b.node", digest: "2", loads: false },
    ];
    const manifest = JSON.stringify({ ...release, nativeModules });
    await writeFile(join(state, "releases/rel-1/manifest.json"), manifest);
    return {
      processes: {
        ...ports.processes,
        run: async (command, signal) =>
          command.args[0] === "-e"
            ? { kind: "exited", status: 0, stdout, stderr: "", truncated: false }
            : ports.processes.run(command, signal),
      },
    };
  };
}
