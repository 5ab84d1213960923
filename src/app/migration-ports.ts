import { compareSchemas } from "../decide/schema/compare.ts";
import { tellEvery } from "../decide/schema/tell.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { SchemaPorts } from "../recover/ports.ts";
import type { Daemon } from "./daemon.ts";

/** What takes migrations down, for this daemon; undefined where none are configured. */
export function schemaPortsOf({
  config,
  world,
  catalogue,
}: Pick<Daemon, "config" | "world" | "catalogue">): SchemaPorts | undefined {
  const { down: settings, table = "" } = config.database?.migrations ?? {};
  const { migrations: database, files, processes, childEnvironment: environment } = world;
  if (settings === undefined || database === undefined) {
    return undefined;
  }
  const { root } = config.application;
  return {
    migrations: { settings, table, root, database, files, processes, environment },
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
