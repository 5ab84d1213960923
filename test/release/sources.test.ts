import { describe, expect, it } from "vitest";
import type { ApplicationSettings } from "../../src/model/application.ts";
import { isSameRelease, type Identity } from "../../src/model/identity.ts";
import { captureRelease } from "../../src/release/capture.ts";
import { openContentReader } from "../../src/release/content.ts";
import { compareIdentity, observeIdentity } from "../../src/release/ledger.ts";
import { createStage, StageDescriptor } from "../../src/recover/steps/stage.ts";
import type { Release } from "../../src/model/release.ts";
import { BAD_COMMIT } from "../support/builders.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

interface Directory {
  readonly patient: Patient;
  readonly identity: () => Promise<Identity>;
  readonly capture: (id: string, seen: Identity) => Promise<Release>;
}

/** An application without a repository. */
async function withDirectory(body: (directory: Directory) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const application: ApplicationSettings = { ...patient.application, source: "directory" };
    const { clock, ports, state: stateFolder } = patient;
    const reader = openContentReader(ports.files, clock, application);
    const ledger = { ...ports, content: async () => reader.read("now", LIVE) };
    await body({
      patient,
      identity: async () => observeIdentity(ledger, application, LIVE),
      capture: async (id, identity) =>
        captureRelease(ports, { application, stateFolder, id, now: clock.now(), identity }, LIVE),
    });
  });
}

describe("a directory without a repository", () => {
  it("is captured with its content as identity, and without a tag", async () => {
    await withDirectory(async ({ identity, capture, patient }) => {
      const seen = await identity();

      const release = await capture("rel-1", seen);

      expect(seen).toMatchObject({
        commit: null,
        content: expect.stringMatching(/^[0-9a-f]{64}$/u),
      });
      expect(release.identity).toEqual(seen);
      expect(release.tag).toBeNull();
      expect(patient.git.calls).toEqual([]);
    });
  });

  it("is another release when one byte is another, which is told as its content", async () => {
    await withDirectory(async ({ identity, patient }) => {
      const before = await identity();
      await patient.write("server/main.js", "goof");
      const after = await identity();

      expect(isSameRelease(before, after)).toBe(false);
      expect(compareIdentity(before, after)).toEqual({
        parts: ["content"],
        summary: [expect.stringMatching(/^content [0-9a-f]{8} -> [0-9a-f]{8}$/u)],
      });
    });
  });

  it("is not captured as what it no longer is", async () => {
    await withDirectory(async ({ identity, capture, patient }) => {
      const seen = await identity();
      await patient.write("web/index.html", "other");

      await expect(capture("rel-1", seen)).rejects.toThrow(
        /changed while it was captured: content/u,
      );
    });
  });
});

describe("a part of a larger work tree", () => {
  it("is rolled back without moving HEAD of the whole", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const release = await patient.capture("rel-1");
      await patient.deployBad();

      const whole = await patient.plan(release);
      const part = await patient.plan(release, { ownsWorkTree: false });

      const kinds = whole.steps.map(({ kind }) => kind);
      expect((await patient.identity()).commit).toBe(BAD_COMMIT);
      expect(kinds).toContain("point-git");
      expect(part.steps.map(({ kind }) => kind)).toEqual(
        kinds.filter((kind) => kind !== "point-git"),
      );
    });
  });
});

describe("an artefact that cannot be renamed", () => {
  it("is refused before anything is stopped, and nothing is staged", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const release = await patient.capture("rel-1");
      await patient.deployBad();
      const plan = await patient.plan(release);
      const descriptor = StageDescriptor.parse(plan.steps.find(({ id }) => id === "stage:server"));
      const files = {
        ...patient.ports.files,
        whyFixed: async () => "it is a mount point of its own",
      };
      const ports = { ...patient.ports, files, planId: plan.id, switchedAt: 0 };

      const staging = createStage(descriptor, ports).run(LIVE);

      await expect(staging).rejects.toMatchObject({
        code: "path-refused",
        message: expect.stringContaining("server cannot be switched: it is a mount point"),
      });
      expect(await patient.ports.files.list(`${patient.root}/.rollwatch`)).toEqual([]);
    });
  });
});
