import type { WarmDatabase } from "../model/warm-database.ts";
import { BESIDE_PREFIX } from "../system/postgres-beside.ts";
import type { Catalogue } from "./catalogue.ts";
import { type BesideOrder, type BesidePorts, makeBeside } from "./database-beside.ts";
import { forgetDatabase, notedDatabases } from "./unfinished-databases.ts";

/** What keeps warm databases. */
export interface WarmPorts extends BesidePorts {
  readonly catalogue: Catalogue;
}

/** The live database copied, or its dump restored, for a release. */
type Way =
  | { readonly way: "clone" | "online" }
  | Pick<BesideOrder & { way: "restored" }, "way" | "dump" | "path">;

/** The name of a database that is made now. */
export function besideName(now: number): string {
  return `${BESIDE_PREFIX}${now}`;
}

/**
 * Makes the warm database of a release: a copy of the live one, or of its dump, that waits beside it. Then, and only then, those
 * of every other release, and the one before of this, are dropped. Throws `dump-failed`.
 */
export async function makeWarmDatabase(
  ports: WarmPorts,
  release: string,
  order: Way & { readonly program?: string },
  signal: AbortSignal,
): Promise<WarmDatabase> {
  const { catalogue, clock } = ports;
  const before = await catalogue.readWarm(release);
  const name = besideName(clock.now());
  const made = await makeBeside(
    ports,
    { ...order, name },
    async (warm) => catalogue.writeWarm(release, warm),
    signal,
  );
  await (before === undefined ? undefined : dropWarm(ports, before, signal));
  await forgetWarmDatabases(ports, release, signal);
  return made;
}

/** Drops the warm databases of every release but `kept`. One that was swapped in has another name by now, and stays. */
export async function forgetWarmDatabases(
  ports: WarmPorts,
  kept: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const item of await ports.catalogue.list()) {
    const id = item.kind === "release" ? item.release.id : item.id;
    await (id === kept ? undefined : forgetWarmDatabase(ports, id, signal));
  }
}

/** Drops the warm database of one release; one that has none is fine. */
export async function forgetWarmDatabase(
  ports: WarmPorts,
  release: string,
  signal: AbortSignal,
): Promise<void> {
  const warm = await ports.catalogue.readWarm(release);
  if (warm !== undefined) {
    await dropWarm(ports, warm, signal);
    await ports.catalogue.writeWarm(release, undefined);
  }
}

async function dropWarm(
  { beside }: WarmPorts,
  { name, oid }: WarmDatabase,
  signal: AbortSignal,
): Promise<void> {
  await beside.drop({ name, oid }, signal);
}

/** Drops what a kill left half-made. */
export async function removeUnfinishedDatabases(
  { beside, catalogue, files, stateFolder }: WarmPorts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const notes = await notedDatabases(files, stateFolder);
  const items = notes.length === 0 ? [] : await catalogue.list();
  const ids = items.map((item) => (item.kind === "release" ? item.release.id : item.id));
  const kept = await Promise.all(ids.map(async (id) => catalogue.readWarm(id)));
  for (const note of notes) {
    if (!kept.some((warm) => warm?.name === note.name)) {
      await beside.drop(note, signal);
    }
    await forgetDatabase(files, stateFolder, note.name);
  }
  return notes.map(({ name }) => name);
}
