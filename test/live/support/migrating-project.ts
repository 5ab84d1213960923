import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { labEnvironment, ROOT } from "../../../lab/environment.ts";
import { assertNever } from "../../../src/model/assert-never.ts";
import type { MigrationTool } from "../../../src/release/migration-settings.ts";

/** A migration in SQL, with what takes it down. */
export interface WrittenMigration {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/**
 * The folder of a project with sequelize-cli, sequelize, typeorm and pg installed, where those are to be run, too: they are larger than everything
 * else that is installed for tests.
 */
const MORE_TOOLS = process.env["MIGRATION_TOOLS"];

/** Tools that are run for real, and the folder of files that rollwatch runs itself. */
export const REAL_TOOLS: readonly MigrationTool[] = [
  "knex",
  "node-pg-migrate",
  "sql",
  ...(MORE_TOOLS === undefined ? [] : (["sequelize", "typeorm"] as const)),
];

/** A project that migrates its database with a tool. */
export interface MigratingProject {
  readonly root: string;
  /** Where the tool records what it has applied, and by which column. */
  readonly table: string;
  readonly column: string;
  /** What rollwatch must be told beside the tool's name. */
  readonly settings: object;
  /** As the tool records the migration. */
  readonly recorded: (name: string) => string;
  write(migration: WrittenMigration): Promise<void>;
  /** Applies what is new, as the project's deployment does; `sql` through `admin`. */
  migrate(url: string, admin: (sql: string) => Promise<void>): Promise<void>;
  /** A copy of the folder as a captured release would have it; returns the tree's root. */
  capture(name: string): Promise<string>;
}

const KNEXFILE = `
module.exports = { client: "pg", connection: process.env.DATABASE_URL, migrations: { directory: "./migrations" } };
`;
const SEQUELIZE = `{"development": {"use_env_variable": "DATABASE_URL", "dialect": "postgres"}}`;
const DATA_SOURCE = `
const { DataSource } = require("typeorm");
module.exports = new DataSource({ type: "postgres", url: process.env.DATABASE_URL, migrations: ["migrations/*.js"] });
`;

/** What is known of each tool: its table, how it migrates, and the command that rollwatch is told. */
interface Knowledge {
  readonly table: string;
  readonly up: readonly string[];
  readonly command?: readonly string[];
}

const TOOLS: Readonly<Record<MigrationTool, Knowledge>> = {
  knex: { table: "knex_migrations", up: ["knex", "migrate:latest"] },
  "node-pg-migrate": { table: "pgmigrations", up: ["node-pg-migrate", "up"] },
  sequelize: { table: "SequelizeMeta", up: ["sequelize-cli", "db:migrate"] },
  typeorm: {
    table: "migrations",
    up: ["typeorm", "migration:run", "--dataSource", "data-source.js"],
    command: ["node_modules/.bin/typeorm", "migration:revert", "--dataSource", "data-source.js"],
  },
  sql: { table: "schema_migrations", up: [] },
};

/** Makes one in a folder that exists, with the programs of this repository. */
export async function makeMigratingProject(
  folder: string,
  tool: MigrationTool,
): Promise<MigratingProject> {
  const root = join(folder, "app");
  const written: WrittenMigration[] = [];
  const applied = new Set<string>();
  await mkdir(join(root, "migrations"), { recursive: true });
  const { table, up, command } = TOOLS[tool];
  const isLarge = tool === "sequelize" || tool === "typeorm";
  const packages = join(isLarge ? (MORE_TOOLS ?? ROOT) : ROOT, "node_modules");
  await symlink(packages, join(root, "node_modules"));
  await writeFile(join(root, "knexfile.js"), KNEXFILE);
  await writeFile(join(root, "data-source.js"), DATA_SOURCE);
  await mkdir(join(root, "config"));
  await writeFile(join(root, "config", "config.json"), SEQUELIZE);

  async function migrateBySql(admin: (sql: string) => Promise<void>): Promise<void> {
    await admin("create table if not exists schema_migrations (name text primary key)");
    for (const { name, ...one } of written.filter((each) => !applied.has(each.name))) {
      await admin(`begin; ${one.up}; insert into schema_migrations values ('${name}'); commit`);
      applied.add(name);
    }
  }

  return {
    root,
    table,
    column: "name",
    settings: command === undefined ? {} : { command },
    recorded: (name) => recordedAs(tool, name),
    async write(migration) {
      written.push(migration);
      for (const [file, content] of filesOf(tool, migration)) {
        await writeFile(join(root, "migrations", file), content);
      }
    },
    async migrate(url, admin) {
      if (tool === "sql") {
        await migrateBySql(admin);
        return;
      }
      const [program = "", ...args] = up;
      await execa(join(root, "node_modules", ".bin", program), args, {
        cwd: root,
        env: labEnvironment(folder, { DATABASE_URL: url }),
        extendEnv: false,
      });
    },
    async capture(name) {
      const tree = join(folder, name);
      await cp(join(root, "migrations"), join(tree, "migrations"), { recursive: true });
      return tree;
    },
  };
}

/** TypeORM wants a time in milliseconds in the names of files and classes. */
function stampOf(name: string): string {
  return `170000000${name.slice(0, 3)}0`;
}

function recordedAs(tool: MigrationTool, name: string): string {
  if (tool === "typeorm") {
    return `M${stampOf(name)}`;
  }
  return tool === "knex" || tool === "sequelize" ? `${name}.js` : name;
}

function filesOf(
  tool: MigrationTool,
  { name, up, down }: WrittenMigration,
): readonly (readonly [string, string])[] {
  const [upward, downward] = [JSON.stringify(up), JSON.stringify(down)];
  const raw = { knex: "raw", sequelize: "sequelize.query", typeorm: "query" };
  switch (tool) {
    case "knex":
    case "sequelize":
      return [
        [
          `${name}.js`,
          `exports.up = (it) => it.${raw[tool]}(${upward});\nexports.down = (it) => it.${raw[tool]}(${downward});\n`,
        ],
      ];
    case "typeorm":
      return [
        [
          `${stampOf(name)}-it.js`,
          `exports.M${stampOf(name)} = class M${stampOf(name)} { up(it) { return it.query(${upward}); } down(it) { return it.query(${downward}); } };\n`,
        ],
      ];
    case "node-pg-migrate":
      return [[`${name}.sql`, `-- Up Migration\n${up};\n-- Down Migration\n${down};\n`]];
    case "sql":
      return [
        [`${name}.up.sql`, up],
        [`${name}.down.sql`, down],
      ];
    default:
      return assertNever(tool);
  }
}
