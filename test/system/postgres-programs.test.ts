import { describe, expect, it } from "vitest";
import { type Files, openFiles } from "../../src/system/files.ts";
import { openPostgresPrograms } from "../../src/system/postgres-programs.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";

const LIVE = new AbortController().signal;
const PATH = "/closed/bin:/open/bin";

/** A machine with programs in one folder, and another folder that rollwatch's user may not look into. */
function aMachine(): Pick<Parameters<typeof openPostgresPrograms>[0], "files" | "processes"> {
  const files: Files = {
    ...openFiles(),
    list: async () => [],
    kind: async (path) => {
      if (path.startsWith("/closed/")) {
        throw new Error(`EACCES: permission denied, lstat '${path}'`);
      }
      return path.startsWith("/open/bin/pg_") ? "file" : "absent";
    },
  };
  const processes = fakeProcesses();
  processes.answer("/open/bin/pg_dump", { stdout: "pg_dump (PostgreSQL) 15.6\n" });
  return { files, processes };
}

describe("pg_dump", () => {
  it("is found behind a folder of PATH that may not be looked into", async () => {
    const programs = openPostgresPrograms(aMachine(), { PATH });

    const found = await programs.find(15, undefined, LIVE);

    expect(found).toMatchObject({ dump: "/open/bin/pg_dump", major: 15 });
  });

  it("that is configured, but may not be looked at, is an error", async () => {
    const programs = openPostgresPrograms(aMachine(), { PATH });

    await expect(programs.find(15, "/closed/bin/pg_dump", LIVE)).rejects.toThrow(/EACCES/u);
  });
});
