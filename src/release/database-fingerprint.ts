import type { BesidePorts } from "./database-beside.ts";
import { readFingerprint } from "./schema-fingerprint.ts";
import { schemaFileOf } from "./unfinished-databases.ts";

/** Longest time for writing down a schema; it takes a fraction of a second. */
const FINGERPRINT_MS = 60_000;

/** The fingerprint of a database's schema, to be compared with a manifest's; empty where there is no pg_dump. */
export async function databaseFingerprint(
  { files, programs, source, stateFolder }: BesidePorts,
  database: string,
  signal: AbortSignal,
): Promise<string> {
  const { serverMajor } = await source.facts(signal);
  const program = await programs.find(serverMajor, undefined, signal);
  if (program === undefined) {
    return "";
  }
  const file = schemaFileOf(stateFolder, "live");
  const connection = { ...source.environment, PGDATABASE: database };
  try {
    return await readFingerprint(
      { files, programs },
      { program, connection, file, deadlineMs: FINGERPRINT_MS },
      signal,
    );
  } finally {
    await files.remove(file);
  }
}
