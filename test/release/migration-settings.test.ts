import { describe, expect, it } from "vitest";
import { DownMigrationSettings } from "../../src/release/migration-settings.ts";

function problemsOf(settings: unknown): readonly string[] {
  const parsed = DownMigrationSettings.safeParse(settings);
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
}

describe("the settings of down migrations", () => {
  it("need nothing but the tool", () => {
    expect(DownMigrationSettings.parse({ tool: "knex" })).toEqual({
      tool: "knex",
      folder: "migrations",
      env: {},
      timeout: 600_000,
    });
  });

  it.each([
    // A folder outside the application is captured with no release.
    [{ tool: "sql", folder: "../migrations" }, "inside the application's root"],
    [{ tool: "sql", folder: "/srv/migrations" }, "inside the application's root"],
    // Files are run in one transaction, a command's are not.
    [{ tool: "sql", command: ["psql"] }, "leave command out"],
    // Nobody knows its data source.
    [{ tool: "typeorm" }, "data source"],
    [{ tool: "knex", command: [] }, ">=1"],
    [{ tool: "prisma" }, "Invalid option"],
    [{ tool: "knex", shell: true }, "Unrecognized key"],
  ])("refuse %j", (settings, why) => {
    expect(problemsOf(settings).join("; ")).toContain(why);
  });
});
