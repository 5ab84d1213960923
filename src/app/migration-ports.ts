import { compareSchemas } from "../decide/schema/compare.ts";
import { tellEvery } from "../decide/schema/tell.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { SchemaPorts } from "../recover/ports.ts";
import type { MigrationPorts } from "../release/migration-run.ts";
import type { Daemon } from "./daemon.ts";

/** What takes migrations down; undefined where that is not configured. */
export function migrationPortsOf({
  config,
  world,
}: Pick<Daemon, "config" | "world">): MigrationPorts | undefined {
  const { down: settings, table = "" } = config.database?.migrations ?? {};
  const { migrations: database, files, processes, childEnvironment: environment } = world;
  const { root } = config.application;
  return settings === undefined || database === undefined
    ? undefined
    : { settings, table, root, database, files, processes, environment };
}

/** The same with what says whether the schema is a release's, for this daemon. */
export function schemaPortsOf({
  config,
  world,
  catalogue,
}: Pick<Daemon, "config" | "world" | "catalogue">): SchemaPorts | undefined {
  const migrations = migrationPortsOf({ config, world });
  if (migrations === undefined) {
    return undefined;
  }
  const { database } = migrations;
  return {
    migrations,
    whatDiffers: async (release, signal) =>
      tellUnlike(await catalogue.readSchema(release), await database.catalogue(undefined, signal)),
  };
}

/** In what a structure is not that which a release ran on; undefined where it is. */
export function tellUnlike(
  wanted: SchemaCatalogue | undefined,
  found: SchemaCatalogue,
): string | undefined {
  if (wanted === undefined) {
    return "the schema that it ran on was not kept";
  }
  const comparison = compareSchemas(wanted, found);
  return comparison.verdict === "unchanged" ? undefined : tellEvery(comparison);
}
