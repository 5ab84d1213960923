import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ApplicationSettings } from "../../src/model/application.ts";
import { openContentReader, type ContentReader } from "../../src/release/content.ts";
import { openFiles, type Files } from "../../src/system/files.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

interface Opened {
  readonly patient: Patient;
  readonly reader: ContentReader;
  /** Paths whose content was read. */
  readonly read: readonly string[];
}

async function withReader(
  source: Partial<Pick<ApplicationSettings, "source" | "artifact">>,
  body: (opened: Opened) => Promise<void>,
  files: Files = openFiles(),
): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const application = { ...patient.application, ...source };
    const read: string[] = [];
    const watched: Files = {
      ...files,
      measure: async (root, path, signal) => {
        read.push(path);
        return files.measure(root, path, signal);
      },
    };
    const reader = openContentReader(watched, createManualClock(), application);
    await body({ patient, reader, read });
  });
}

describe("the content of a directory", () => {
  it("is another one when one byte of an artefact changes, and the same when it is back", async () => {
    await withReader({ source: "directory" }, async ({ patient, reader }) => {
      const first = await reader.read("now", LIVE);
      await patient.write("server/main.js", "goof");
      const second = await reader.read("now", LIVE);
      await patient.write("server/main.js", "good");
      const third = await reader.read("now", LIVE);

      expect(first).toMatch(/^[0-9a-f]{64}$/u);
      expect(second).not.toBe(first);
      expect(third).toBe(first);
    });
  });

  it("is read again only where something was written", async () => {
    await withReader({ source: "directory" }, async ({ patient, reader, read }) => {
      await reader.read("now", LIVE);
      await reader.read("now", LIVE);
      await patient.write("web/index.html", "other");
      await reader.read("now", LIVE);

      expect(read).toEqual(["server", "web", "package-lock.json", "web"]);
    });
  });

  it("is no other one when files are only touched", async () => {
    await withReader({ source: "directory" }, async ({ patient, reader }) => {
      const first = await reader.read("now", LIVE);
      await utimes(join(patient.root, "server/main.js"), 1, 1);

      expect(await reader.read("now", LIVE)).toBe(first);
    });
  });

  it("is null when nothing is there", async () => {
    await withReader({ source: "directory" }, async ({ patient, reader }) => {
      for (const path of ["server", "web", "package-lock.json"]) {
        await patient.ports.files.remove(join(patient.root, path));
      }

      expect(await reader.read("now", LIVE)).toBeNull();
    });
  });
});

describe("the content of an artefact", () => {
  it("is the sha256 of the file, null when it is absent", async () => {
    const source = { source: "artifact", artifact: "app.tgz" } as const;
    await withReader(source, async ({ patient, reader }) => {
      const none = await reader.read("now", LIVE);
      await writeFile(join(patient.root, "app.tgz"), "packed");

      expect(none).toBeNull();
      expect(await reader.read("now", LIVE)).toBe(
        createHash("sha256").update("packed").digest("hex"),
      );
    });
  });
});

describe("a patient question", () => {
  it("gets the last answer for a hundred times as long as the look took", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const clock = createManualClock();
      const files = openFiles();
      const slow: Files = {
        ...files,
        fingerprint: async (root, path, signal) => {
          await clock.advance(10);
          return files.fingerprint(root, path, signal);
        },
      };
      const application = { ...patient.application, source: "directory" as const };
      const reader = openContentReader(slow, clock, application);
      const first = await reader.read("patient", LIVE);
      await patient.write("server/main.js", "bad");

      await clock.advance(2999);
      const before = await reader.read("patient", LIVE);
      await clock.advance(1);
      const after = await reader.read("patient", LIVE);

      expect(before).toBe(first);
      expect(after).not.toBe(first);
    });
  });
});
