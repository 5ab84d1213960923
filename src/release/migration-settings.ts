import { z } from "zod";
import { databaseUrl } from "../model/database-url.ts";
import { RelativePath } from "../model/application.ts";
import { PositiveDuration } from "../model/units.ts";

/** What the application migrates its database with; `sql` is a folder of files that rollwatch runs itself. */
export const MIGRATION_TOOLS = ["node-pg-migrate", "knex", "typeorm", "sequelize", "sql"] as const;
export type MigrationTool = (typeof MIGRATION_TOOLS)[number];

/** Neither arguments nor variables can hold NUL. */
const Argument = z.string().regex(/^[^\0]*$/u, "expected a text without NUL");

/** How the application's migrations are taken down again, for `rollback --scope schema`. */
export const DownMigrationSettings = z
  .strictObject({
    tool: z.enum(MIGRATION_TOOLS),
    /** The folder of the migrations, relative to the root; inside `artifacts`, so that releases are captured with it. Default migrations. */
    folder: RelativePath.default("migrations"),
    /** The tool with its arguments, run in the root, without a shell: `{count}` becomes how many are taken down; without it the command runs for each, newest first, and `{name}` becomes its name. Default: the tool's own, of `node_modules/.bin`. */
    command: z.array(Argument.min(1)).min(1).optional(),
    /** More variables for the tool, such as NODE_ENV. DATABASE_URL and libpq's are rollwatch's. Default none. */
    env: z.record(z.string(), Argument).default({}),
    /** The role that migrates. Default: that of `database.rollback.url`. */
    url: databaseUrl("postgresql://user:password@host:5432/name").optional(),
    /** Longest time of one run of the tool, or of all files together. Default 10m. */
    timeout: PositiveDuration.prefault("10m"),
  })
  .refine(({ tool, command }) => tool !== "sql" || command === undefined, {
    path: ["command"],
    error: "rollwatch runs the files of the tool `sql` itself; leave command out",
  })
  .refine(({ tool, command }) => tool !== "typeorm" || command !== undefined, {
    path: ["command"],
    error:
      "expected the command of typeorm with its data source, such as [node_modules/.bin/typeorm, migration:revert, --dataSource, dist/data-source.js]",
  });
export type DownMigrationSettings = z.infer<typeof DownMigrationSettings>;

/** The column of the tool's own table whose order is that in which its migrations were applied; undefined where only their names tell. */
export const ORDERED_BY: Readonly<Record<MigrationTool, string | undefined>> = {
  "node-pg-migrate": "id",
  knex: "id",
  typeorm: "id",
  sequelize: undefined,
  sql: undefined,
};
