import { isDeepStrictEqual } from "node:util";
import { compareSchemas } from "../decide/schema/compare.ts";
import type { SchemaStanding } from "../decide/situation.ts";
import { messageOf } from "../model/failure.ts";
import type { Scope } from "../model/plan.ts";
import type { Daemon } from "./daemon.ts";

/** Longest time that the database's structure is waited for: a decision must not hang on a sick database. */
const READ_MS = 6000;

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
  const { database, clock } = world;
  if (database === undefined || scope !== "application") {
    return undefined;
  }
  const before = await catalogue.readSchema(release);
  if (before === undefined) {
    return { kind: "unknown", reason: `the schema that ${release} ran on was not kept` };
  }
  try {
    const now = await database.catalogue(clock.deadline(READ_MS, signal));
    return { kind: "compared", comparison: compareSchemas(before, now) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unknown", reason: messageOf(error) };
  }
}
