import { isDeepStrictEqual } from "node:util";
import { compareSchemas } from "../decide/schema/compare.ts";
import { undoAdditions } from "../decide/schema/reverse.ts";
import type { SchemaStanding } from "../decide/situation.ts";
import { messageOf } from "../model/failure.ts";
import type { Scope } from "../model/plan.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { SchemaReport } from "../model/schema-difference.ts";
import type { Daemon } from "./daemon.ts";

/** Longest time that the database's structure is waited for: a decision must not hang on a sick database. */
const READ_MS = 6000;
/** The name of what is deployed, beside the ids of captures. */
export const DEPLOYED = "deployed";

/** The parts of the daemon that compare schemas. */
export type SchemaReader = Pick<Daemon, "world" | "catalogue">;

/**
 * Keeps the structure of the database with a release that runs on it. A failure is logged and nothing more: what is known of an
 * earlier moment stands. It is read twice, since a migration in between could leave a mixture.
 */
export async function keepSchema(
  { world, catalogue, log }: SchemaReader & Pick<Daemon, "log">,
  release: string,
  signal: AbortSignal,
): Promise<void> {
  const { database, clock } = world;
  if (database === undefined) {
    return;
  }
  try {
    const deadline = clock.deadline(READ_MS, signal);
    const schema = await database.catalogue(deadline);
    const again = await database.catalogue(deadline);
    if (isDeepStrictEqual(schema, again)) {
      await catalogue.writeSchema(release, schema);
    } else {
      log.warn({ release }, "the schema is being changed, and is not kept with the release");
    }
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ release, error: messageOf(error) }, "the schema could not be kept with the release");
  }
}

/**
 * How the schema that a release ran on compares with that of today; undefined where there is no database, or where the plan's scope
 * does not start older code on it.
 */
export async function schemaStandingOf(
  { world, catalogue }: SchemaReader,
  release: string,
  scope: Scope,
  signal: AbortSignal,
): Promise<SchemaStanding | undefined> {
  if (world.database === undefined || scope !== "application") {
    return undefined;
  }
  const found = await compareKept({ world, catalogue }, release, DEPLOYED, signal);
  return found.kind === "unknown"
    ? found
    : { kind: "compared", comparison: compareSchemas(found.before, found.after) };
}

/** What differs between the schemas of two releases, or of one and what is `deployed`; null where there is no database. */
export async function diffSchemas(
  reader: SchemaReader,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<SchemaReport | null> {
  if (reader.world.database === undefined) {
    return null;
  }
  const found = await compareKept(reader, from, to, signal);
  return found.kind === "unknown"
    ? found
    : {
        kind: "compared",
        ...compareSchemas(found.before, found.after),
        undo: [...undoAdditions(found.before, found.after)],
      };
}

type Found =
  | { readonly kind: "found"; readonly before: SchemaCatalogue; readonly after: SchemaCatalogue }
  | { readonly kind: "unknown"; readonly reason: string };

async function compareKept(
  reader: SchemaReader,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<Found> {
  try {
    const before = await schemaOf(reader, from, signal);
    if (before === undefined) {
      return notKept(from);
    }
    const after = await schemaOf(reader, to, signal);
    return after === undefined ? notKept(to) : { kind: "found", before, after };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unknown", reason: messageOf(error) };
  }
}

function notKept(release: string): Found {
  return { kind: "unknown", reason: `the schema that ${release} ran on was not kept` };
}

async function schemaOf(
  { world, catalogue }: SchemaReader,
  release: string,
  signal: AbortSignal,
): Promise<SchemaCatalogue | undefined> {
  return release === DEPLOYED
    ? world.database?.catalogue(world.clock.deadline(READ_MS, signal))
    : catalogue.readSchema(release);
}
