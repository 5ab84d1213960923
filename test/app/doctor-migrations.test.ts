import { describe, expect, it } from "vitest";
import { DATABASE } from "../../src/app/doctor-database.ts";
import { examine } from "../../src/app/doctor-examination.ts";
import type { DoctorLine } from "../../src/model/doctor.ts";
import { DownMigrationSettings } from "../../src/release/migration-settings.ts";
import { DatabaseRollbackSettings } from "../../src/release/settings.ts";
import type { MigrationDatabase } from "../../src/system/postgres-migrations.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { fakeListeners } from "../support/fakes/listeners.ts";
import { aServer } from "../support/warm-server.ts";

const LIVE = new AbortController().signal;

async function never(): Promise<never> {
  throw new Error("nobody asks for this");
}

/** A database in which these migrations are recorded. */
function recording(names: readonly string[]): MigrationDatabase {
  return {
    applied: async () => names,
    catalogue: never,
    holdings: never,
    open: never,
    takeDown: never,
    environment: () => ({}),
    redact: (text) => text,
  };
}

interface Setting {
  readonly down?: object;
  readonly applied?: readonly string[];
  readonly artifacts?: readonly string[];
  readonly refusals?: readonly string[];
}

/** What the doctor says of an application with one migration, `migrations/1_a.down.sql`. */
async function lineOf({ daemon, world }: Parts, setting: Setting): Promise<DoctorLine | undefined> {
  const { down, applied = ["1_a"], artifacts = ["migrations"], refusals = [] } = setting;
  await world.write("migrations/1_a.down.sql", "select 1");
  const table = { table: "done", column: "name" };
  const settings = down === undefined ? {} : { down: DownMigrationSettings.parse(down) };
  const database = {
    url: "postgres://desk@127.0.0.1/desk",
    migrations: { ...table, ...settings },
    rollback: DatabaseRollbackSettings.parse({}),
  };
  const application = { ...daemon.config.application, artifacts: [...artifacts] };
  const [one] = await Promise.all(
    DATABASE.filter(({ check }) => check === "down migrations").map(async (each) =>
      examine(
        each,
        {
          config: { ...daemon.config, application, database },
          world: {
            ...daemon.world,
            migrations: recording(applied),
            warming: aServer(new Map(), { refusals: async () => refusals }),
          },
          listeners: fakeListeners(),
          environment: {},
          uid: 0,
          nodeVersion: "v20.20.2",
          hasDaemon: false,
          history: daemon.journal.history(),
        },
        LIVE,
      ),
    ),
  );
  return one?.[0];
}

describe("the doctor, of down migrations,", () => {
  it("says nothing where none are configured", async () => {
    await withDaemon(async (parts) => {
      expect(await lineOf(parts, {})).toBeUndefined();
    });
  });

  it("is content where every applied one has its file and a copy can be made", async () => {
    await withDaemon(async (parts) => {
      const line = await lineOf(parts, { down: { tool: "sql" } });

      expect(line).toMatchObject({ state: "ok", detail: expect.stringContaining("1 are applied") });
    });
  });

  it.each([
    ["a folder that no capture has", { artifacts: ["server"] }, "inside none of application.art"],
    ["a folder that is not there", { down: { tool: "sql", folder: "gone" } }, "no folder of migr"],
    ["a migration without a file", { applied: ["1_a", "2_b"] }, "has no file of 2_b"],
    ["a tool that is not installed", { down: { tool: "knex" } }, "node_modules/.bin/knex"],
    ["a role that makes no copies", { refusals: ["it has no CREATEDB"] }, "it has no CREATEDB"],
  ])("names %s", async (_what, setting, says) => {
    await withDaemon(async (parts) => {
      const line = await lineOf(parts, { down: { tool: "sql" }, ...setting });

      expect(line).toMatchObject({ state: "fault", detail: expect.stringContaining(says) });
    });
  });
});
