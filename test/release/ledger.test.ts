import { describe, expect, it } from "vitest";
import { Failure } from "../../src/model/failure.ts";
import { compareIdentity, observeIdentity, readServedRelease } from "../../src/release/ledger.ts";
import type { Answer } from "../../src/system/http.ts";
import { anIdentity, BAD_COMMIT, GOOD_COMMIT } from "../support/builders.ts";
import { fakeDatabase } from "../support/fakes/database.ts";
import { aPatient, LIVE } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

const PHASES = { connectMs: 1, firstByteMs: 1, totalMs: 1 };

function answered(body: string, status = 200): Answer {
  return { kind: "answered", status, headers: {}, body, phases: PHASES };
}

describe("the observed identity", () => {
  it("holds every part that can be read", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const database = fakeDatabase();
      database.setRevision("002_alerts (2)");

      const identity = await observeIdentity(
        { ...patient.ports, database },
        patient.application,
        LIVE,
      );

      expect(identity).toMatchObject({
        commit: GOOD_COMMIT,
        served: "good-1",
        schema: "002_alerts (2)",
      });
      expect(identity.lockfile).toMatch(/^[0-9a-f]{64}$/u);
      expect(Object.keys(identity.configFiles ?? {})).toEqual([
        ".env",
        "server/config/monitoring.config.js",
      ]);
      expect(Object.keys(identity.definitions ?? {})).toEqual(["api", "importer", "cleaner"]);
    });
  });

  it("says null for what is absent and leaves out what cannot be read", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      patient.git.setAbsent(true);
      await patient.ports.files.remove(`${patient.root}/.env`);
      patient.pm2.setDaemon({ kind: "dead", reason: "no pid file" });

      const identity = await patient.identity();

      expect(identity.commit).toBeNull();
      expect(identity.configFiles?.[".env"]).toBeNull();
      expect(Object.keys(identity)).not.toContain("definitions");
      expect(identity.schema).toBeNull();
    });
  });

  it("passes an abort on instead of calling everything unknown", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);

      const observing = observeIdentity(
        patient.ports,
        patient.application,
        AbortSignal.abort(new Failure("internal", "stopped", { hint: "" })),
      );

      await expect(observing).rejects.toThrow("stopped");
    });
  });
});

describe("the served release id", () => {
  it.each([
    // a healthy answer
    { answer: answered('{"build":{"release":"r7"}}'), id: "r7" },
    // a sick one still says what runs
    { answer: answered('{"build":{"release":"r7"}}', 503), id: "r7" },
    // numbers are ids too
    { answer: answered('{"build":{"release":7}}'), id: "7" },
    // a healthy answer without an id: there is none
    { answer: answered('{"build":{}}'), id: null },
    // a sick answer without an id says nothing
    { answer: answered("{}", 503), id: undefined },
    // no JSON
    { answer: answered("<html>"), id: undefined },
    // names of Object.prototype are no fields
    { answer: answered('{"build":"x"}'), id: null },
    // no answer at all
    { answer: { kind: "local", reason: "name-resolution", detail: "" } as const, id: undefined },
  ])("is $id for $answer.body", async ({ answer, id }) => {
    await withTempFolder(async (folder) => {
      const { application } = await aPatient(folder);

      const served = await readServedRelease({ ask: async () => answer }, application, LIVE);

      expect(served).toBe(id);
    });
  });
});

describe("comparing identities", () => {
  it("tells each changed part once", () => {
    const after = anIdentity({
      commit: BAD_COMMIT,
      configFiles: { ".env": null },
      definitions: { api: "new" },
    });

    expect(compareIdentity(anIdentity(), after)).toEqual({
      parts: ["commit", "configFiles", "definitions"],
      summary: ["commit aaaaaaaa -> bbbbbbbb", "configuration .env", "pm2 definition api"],
    });
  });

  it("takes a part that is unknown on either side for unchanged", () => {
    expect(compareIdentity({}, anIdentity()).parts).toEqual([]);
    expect(compareIdentity(anIdentity(), {}).parts).toEqual([]);
    expect(compareIdentity(anIdentity(), anIdentity({ configFiles: {} })).parts).toEqual([]);
  });

  it("takes an absent part that appears for a change", () => {
    expect(compareIdentity({ schema: null }, { schema: "001 (1)" }).summary).toEqual([
      "schema none -> 001 (1)",
    ]);
  });
});
