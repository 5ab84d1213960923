import { isDeepStrictEqual } from "node:util";
import { Failure } from "../model/failure.ts";
import type { MigrationLoss } from "../model/migration-loss.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import { confine } from "./confine.ts";
import { type BesidePorts, makeBeside } from "./database-beside.ts";
import { lossesOf } from "./migration-losses.ts";
import { whatToTakeDown } from "./migration-names.ts";
import { type MigrationPorts, requireObedient, takeDown } from "./migration-run.ts";
import { besideName } from "./warm-database.ts";

/** What tries migrations on a copy. */
export interface TrialPorts {
  readonly making: BesidePorts;
  readonly migrations: MigrationPorts;
}

/** What came of taking the migrations down on a copy, which is gone by now. */
export interface MigrationTrial {
  /** As they are recorded, newest first. */
  readonly names: readonly string[];
  /** Of the folder that they were taken down with. */
  readonly folderDigest: string;
  /** The structure of the live database when it was copied. */
  readonly before: SchemaCatalogue;
  /** That of the copy afterwards. */
  readonly after: SchemaCatalogue;
  readonly losses: readonly MigrationLoss[];
  /** How long taking down took, without making the copy. */
  readonly seconds: number;
}

/** rollwatch's own tables are not the application's. */
const OWN = "_rollwatch.";

/**
 * Makes a copy of the live database, takes down there what the target's folder lacks, and drops the copy. The live database is
 * read alone. Throws `refused` where there is nothing to take down, or not in that order, `dump-failed` and `migrations-failed`.
 */
export async function tryMigrations(
  { making, migrations }: TrialPorts,
  targetTree: string,
  signal: AbortSignal,
): Promise<MigrationTrial> {
  const { database, root } = migrations;
  const names = await namesToTakeDown(migrations, targetTree, signal);
  const folderDigest = await folderDigestOf(migrations, root, signal);
  const before = await database.catalogue(undefined, signal);
  const copy = besideName(making.clock.now());
  const done: Pick<MigrationTrial, "after" | "losses" | "seconds">[] = [];
  await makeBeside(
    making,
    { way: "online", name: copy },
    async ({ oid }) => {
      done.push(await tryOn({ making, migrations }, { names, copy, before }, signal));
      await making.beside.drop({ name: copy, oid }, signal);
    },
    signal,
  );
  const [result] = done;
  if (result === undefined) {
    throw new Failure("internal", "a copy was made, and nothing was tried on it", {
      hint: "This is a fault of rollwatch: report it.",
    });
  }
  return { names, folderDigest, before, ...result };
}

/** sha256 over the folder of the migrations under a root. */
export async function folderDigestOf(
  { files, settings }: Pick<MigrationPorts, "files" | "settings">,
  root: string,
  signal: AbortSignal,
): Promise<string> {
  return (await files.measure(root, settings.folder, signal)).digest;
}

async function namesToTakeDown(
  ports: MigrationPorts,
  targetTree: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { database, root, settings } = ports;
  const what = whatToTakeDown(settings.tool, {
    applied: await database.applied(undefined, signal),
    target: await migrationFiles(ports, targetTree, signal),
    deployed: await migrationFiles(ports, root, signal),
  });
  if (what.kind === "refused") {
    throw new Failure("refused", `no migration can be taken down: ${what.reason}`, {
      hint: "`rollwatch release diff` shows how the schemas differ; --scope database takes the whole database back.",
    });
  }
  return what.names;
}

/** The files of the folder of the migrations under a root, relative to it. Throws `refused` where there is no such folder. */
export async function migrationFiles(
  { files, settings }: MigrationPorts,
  root: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const place = await confine(files, root, settings.folder);
  const kind = await files.kind(place);
  if (kind !== "directory") {
    throw new Failure("refused", `${place} is no folder of migrations but ${kind}`, {
      hint: "Set `database.migrations.down.folder`, and name it in `application.artifacts`.",
    });
  }
  const entries = await files.listTree(place, ".", signal);
  return entries.filter((entry) => entry.kind === "file").map(({ path }) => path);
}

async function tryOn(
  { making, migrations }: TrialPorts,
  what: Pick<MigrationTrial, "names" | "before"> & { readonly copy: string },
  signal: AbortSignal,
): Promise<Pick<MigrationTrial, "after" | "losses" | "seconds">> {
  const { database, table } = migrations;
  const { names, copy } = what;
  await requireObedient(migrations, { names, copy }, signal);
  await database.open(copy, signal);
  const held = await database.holdings(copy, signal);
  const began = making.clock.monotonic();
  await takeDown(migrations, { names, copy }, signal);
  const seconds = (making.clock.monotonic() - began) / 1000;
  const after = await database.catalogue(copy, signal);
  await requireUntouched(migrations, what, signal);
  const own = table.includes(".") ? [table] : [`public.${table}`];
  const losses = lossesOf(
    held,
    await database.holdings(copy, signal),
    (name) => name.startsWith(OWN) || own.includes(name) || isToolsOwn(name, table),
  );
  return { after, losses, seconds };
}

/** knex keeps a lock beside its table. */
function isToolsOwn(name: string, table: string): boolean {
  return name.endsWith(`.${table.split(".").at(-1) ?? table}_lock`);
}

/** Whatever else a tool may have done: the live database must be as it was. */
async function requireUntouched(
  { database }: MigrationPorts,
  { names, before }: Pick<MigrationTrial, "names" | "before">,
  signal: AbortSignal,
): Promise<void> {
  const applied = await database.applied(undefined, signal);
  const gone = names.filter((name) => !applied.includes(name));
  if (gone.length > 0 || !isDeepStrictEqual(await database.catalogue(undefined, signal), before)) {
    throw new Failure(
      "migrations-failed",
      "the live database changed while migrations were tried on a copy",
      {
        hint: "Somebody migrates at this moment, or the tool does not go where DATABASE_URL points: look before anything else is done.",
      },
    );
  }
}
