import type { MigrationTool } from "./migration-settings.ts";

/** What is to be taken down, as the database has it recorded, newest first; or why nothing can be. */
export type Takedown =
  | { readonly kind: "down"; readonly names: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string };

/** What is compared to find it. */
export interface MigrationSets {
  /** As the database has them recorded, oldest first. */
  readonly applied: readonly string[];
  /** The files of the target's folder, relative to it. */
  readonly target: readonly string[];
  /** The files of the folder as it is deployed. */
  readonly deployed: readonly string[];
}

const CODE = /(?<!\.d)\.[cm]?[jt]s$/u;
const SQL = /\.sql$/u;
const DIRECTION = /\.(?:up|down)$/u;
/** What each tool takes for a migration. */
const FILES: Readonly<Record<MigrationTool, readonly RegExp[]>> = {
  "node-pg-migrate": [CODE, SQL],
  knex: [CODE],
  typeorm: [CODE],
  sequelize: [CODE],
  sql: [SQL],
};

/** Which migrations the database has and the target lacks: they must be the newest ones, and their files must be there. Pure. */
export function whatToTakeDown(
  tool: MigrationTool,
  { applied, target, deployed }: MigrationSets,
): Takedown {
  const known = namesIn(tool, target);
  if (known.size === 0) {
    return refused("the release was captured without migrations in that folder");
  }
  const extra = applied.filter((one) => !known.has(recordedName(tool, one)));
  const newest = applied.slice(applied.length - extra.length);
  const older = extra.find((one) => !newest.includes(one));
  const missing = withoutFile(tool, extra, deployed);
  if (extra.length === 0) {
    return refused("every migration of the database is one that the release has, too");
  }
  if (older !== undefined) {
    return refused(
      `${older} was applied before ${newest.find((one) => !extra.includes(one)) ?? "others"}, which the release has: only the newest can be taken down`,
    );
  }
  if (missing.length > 0) {
    return refused(`the deployed folder has no file of ${missing.join(", ")}`);
  }
  return { kind: "down", names: extra.toReversed() };
}

/** Those of the recorded migrations that have no file in the folder. */
export function withoutFile(
  tool: MigrationTool,
  applied: readonly string[],
  deployed: readonly string[],
): readonly string[] {
  const here = namesIn(tool, deployed);
  return applied.filter((one) => !here.has(recordedName(tool, one)));
}

/** Where the tool `sql` may have the file that takes a migration down, relative to the folder; the first that exists counts. */
export function downFilesOf(recorded: string): readonly string[] {
  const name = recordedName("sql", recorded);
  return [`${name}.down.sql`, `down/${name}.sql`];
}

function refused(reason: string): Takedown {
  return { kind: "refused", reason };
}

/** The names of the migrations of a folder, by which they are compared with those that are recorded. */
function namesIn(tool: MigrationTool, files: readonly string[]): ReadonlySet<string> {
  return new Set(files.flatMap((file) => fileName(tool, file) ?? []));
}

/** Undefined where the file is no migration. */
function fileName(tool: MigrationTool, path: string): string | undefined {
  const name = path.split("/").at(-1) ?? "";
  if (!FILES[tool].some((pattern) => pattern.test(name))) {
    return undefined;
  }
  return tool === "typeorm" ? /^\d+(?=-)/u.exec(name)?.[0] : withoutEndings(name);
}

/** TypeORM records the class, which ends in the time that its file begins with. */
function recordedName(tool: MigrationTool, recorded: string): string {
  return tool === "typeorm" ? (/\d+$/u.exec(recorded)?.[0] ?? recorded) : withoutEndings(recorded);
}

function withoutEndings(name: string): string {
  return name.replace(CODE, "").replace(SQL, "").replace(DIRECTION, "");
}
