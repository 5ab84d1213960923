import { join } from "node:path";
import { z } from "zod";
import type { Files } from "../system/files.ts";
import type { MadeDatabase } from "../system/postgres-beside.ts";

/** Written before a database is made and removed when its record stands, or when it is gone: what a kill leaves is found again. */
const Note = z.object({ name: z.string(), oid: z.number().nullable() });

const SUFFIX = ".json";

/** `<stateFolder>/databases`: notes of databases being made, and their files for the moment. */
export function workFolder(stateFolder: string): string {
  return join(stateFolder, "databases");
}

/** Notes that a database of this name is being made; its OID once it is known. */
export async function noteDatabase(
  files: Files,
  stateFolder: string,
  database: MadeDatabase,
): Promise<void> {
  const folder = workFolder(stateFolder);
  await files.makeFolder(folder, 0o700);
  const path = join(folder, database.name + SUFFIX);
  await files.writeAtomic(path, `${JSON.stringify(database)}\n`, 0o600);
}

/** Forgets it, with its files for the moment. */
export async function forgetDatabase(
  files: Files,
  stateFolder: string,
  name: string,
): Promise<void> {
  await files.remove(schemaFileOf(stateFolder, name));
  await files.remove(join(workFolder(stateFolder), name + SUFFIX));
}

/** Every database whose making did not end. */
export async function notedDatabases(
  files: Files,
  stateFolder: string,
): Promise<readonly MadeDatabase[]> {
  const folder = workFolder(stateFolder);
  const notes: MadeDatabase[] = [];
  for (const name of await files.list(folder)) {
    if (name.endsWith(SUFFIX)) {
      notes.push(Note.parse(JSON.parse((await files.readText(join(folder, name))) ?? "null")));
    }
  }
  return notes;
}

/** Where its schema is written for its fingerprint. */
export function schemaFileOf(stateFolder: string, name: string): string {
  return join(workFolder(stateFolder), `${name}.schema`);
}
