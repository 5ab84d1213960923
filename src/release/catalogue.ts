import { join } from "node:path";
import { z } from "zod";
import { DatabaseRecord } from "../model/database-record.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { Release } from "../model/release.ts";
import { SchemaCatalogue } from "../model/schema-catalogue.ts";
import { WarmDatabase } from "../model/warm-database.ts";
import type { Files } from "../system/files.ts";
import type { Definition } from "../system/pm2.ts";

/** A captured release, or why what stands in its folder is none. */
export type CatalogueItem =
  | { readonly kind: "release"; readonly release: Release }
  | { readonly kind: "problem"; readonly id: string; readonly reason: string };

/** The captured releases of one application, as they lie in its state folder. */
export interface Catalogue {
  /** Every folder of the catalogue, oldest name first; captures that were never finished are left out. */
  list(): Promise<readonly CatalogueItem[]>;
  /** One release; throws `release-unknown` or `release-damaged`. */
  get(id: string): Promise<Release>;
  /** The captured pm2 definitions with their environments. Secret. */
  readDefinitions(id: string): Promise<readonly Definition[]>;
  /** What was kept of the database with it; undefined when nothing was tried yet. */
  readDatabase(id: string): Promise<DatabaseRecord | undefined>;
  /** Replaces what is said of it. */
  writeDatabase(id: string, record: DatabaseRecord): Promise<void>;
  /** The structure of the database that it ran on; undefined where that was not read. */
  readSchema(id: string): Promise<SchemaCatalogue | undefined>;
  writeSchema(id: string, schema: SchemaCatalogue): Promise<void>;
  /** The restored copy of the database that waits beside it; undefined where there is none, or its record cannot be read. */
  readWarm(id: string): Promise<WarmDatabase | undefined>;
  /** Replaces what is said of it; undefined forgets it. */
  writeWarm(id: string, warm: WarmDatabase | undefined): Promise<void>;
  /** The folder of the release itself, where its dump lies. */
  folderOf(id: string): string;
  /** The folder that holds the captured paths. */
  treeOf(id: string): string;
  /** Deletes a release; one that is gone already is fine. */
  remove(id: string): Promise<void>;
}

const FORMAT = 1;
const DATABASE_FILE = "database.json";
const SCHEMA_FILE = "schema.json";
const WARM_FILE = "warm.json";
const PARTIAL = ".partial";
/** Definitions as they are kept in a file. Secret. */
export const CapturedDefinitions = z.array(
  z.object({
    name: z.string(),
    hash: z.string(),
    options: z.record(z.string(), z.unknown()),
    env: z.record(z.string(), z.string()),
  }),
);

/** The captured releases under `<stateFolder>/releases`. */
export function openCatalogue(files: Files, stateFolder: string): Catalogue {
  return {
    list: async () => {
      const names = await files.list(releasesFolder(stateFolder));
      const ids = names.filter((name) => !name.endsWith(PARTIAL));
      return Promise.all(ids.map(async (id) => inspect(files, stateFolder, id)));
    },
    get: async (id) => readManifest(files, stateFolder, id),
    readDefinitions: async (id) => readDefinitions(files, releaseFolder(stateFolder, id)),
    readDatabase: async (id) => readDatabase(files, releaseFolder(stateFolder, id)),
    writeDatabase: async (id, record) => {
      const path = join(releaseFolder(stateFolder, id), DATABASE_FILE);
      await files.writeAtomic(path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
    },
    readSchema: async (id) => readSchema(files, releaseFolder(stateFolder, id)),
    writeSchema: async (id, schema) => {
      const path = join(releaseFolder(stateFolder, id), SCHEMA_FILE);
      await files.writeAtomic(path, `${JSON.stringify(schema)}\n`, 0o600);
    },
    readWarm: async (id) => readWarm(files, releaseFolder(stateFolder, id)),
    writeWarm: async (id, warm) => {
      const path = join(releaseFolder(stateFolder, id), WARM_FILE);
      await (warm === undefined
        ? files.remove(path)
        : files.writeAtomic(path, `${JSON.stringify(warm, null, 2)}\n`, 0o600));
    },
    folderOf: (id) => releaseFolder(stateFolder, id),
    treeOf: (id) => treeIn(releaseFolder(stateFolder, id)),
    remove: async (id) => {
      const folder = releaseFolder(stateFolder, id);
      if ((await files.kind(folder)) === "directory") {
        // Away from its name first: a half-deleted release must not look like a damaged one.
        await files.remove(folder + PARTIAL);
        await files.rename(folder, folder + PARTIAL);
        await files.remove(folder + PARTIAL);
      }
    },
  };
}

/** `<stateFolder>/releases`. */
export function releasesFolder(stateFolder: string): string {
  return join(stateFolder, "releases");
}

/** The folder of a release; `id` is refused unless it is one plain name. */
export function releaseFolder(stateFolder: string, id: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/u.test(id) || id.endsWith(PARTIAL)) {
    throw new Failure("release-unknown", `${JSON.stringify(id)} is no release id`, {
      hint: "`rollwatch status` names the releases.",
    });
  }
  return join(releasesFolder(stateFolder), id);
}

/** The folder in which a release is built before it gets its name. */
export function partialFolder(stateFolder: string, id: string): string {
  return releaseFolder(stateFolder, id) + PARTIAL;
}

/** The captured paths in a release's folder. */
export function treeIn(folder: string): string {
  return join(folder, "tree");
}

/** Removes what captures and deletions left behind when they were killed. */
export async function removeLeftovers(files: Files, stateFolder: string): Promise<void> {
  const folder = releasesFolder(stateFolder);
  for (const name of await files.list(folder)) {
    if (name.endsWith(PARTIAL)) {
      await files.remove(join(folder, name));
    }
  }
}

/** Writes what makes a folder a release; the manifest last, since a folder without one is none. */
export async function writeRelease(
  files: Files,
  folder: string,
  release: Release,
  definitions: readonly Definition[],
): Promise<void> {
  await files.writeAtomic(join(folder, "pm2.json"), `${JSON.stringify(definitions)}\n`, 0o600);
  const manifest = `${JSON.stringify(release, null, 2)}\n`;
  await files.writeAtomic(join(folder, "manifest.json"), manifest, 0o600);
}

async function inspect(files: Files, stateFolder: string, id: string): Promise<CatalogueItem> {
  try {
    return { kind: "release", release: await readManifest(files, stateFolder, id) };
  } catch (error) {
    return { kind: "problem", id, reason: messageOf(error) };
  }
}

async function readManifest(files: Files, stateFolder: string, id: string): Promise<Release> {
  const folder = releaseFolder(stateFolder, id);
  const text = await files.readText(join(folder, "manifest.json"));
  if (text === undefined) {
    throw (await files.kind(folder)) === "absent"
      ? new Failure("release-unknown", `there is no captured release ${id}`, {
          hint: "`rollwatch status` names the releases.",
        })
      : damaged(id, "its manifest is missing");
  }
  const content = parseJson(text);
  const format = z.object({ format: z.number() }).safeParse(content);
  if (format.success && format.data.format > FORMAT) {
    throw damaged(id, `a newer rollwatch wrote it (format ${format.data.format})`);
  }
  const release = Release.safeParse(content);
  if (!release.success || release.data.id !== id) {
    throw damaged(id, "its manifest cannot be read");
  }
  return release.data;
}

/** Never shows the content: it holds secrets. */
async function readDefinitions(files: Files, folder: string): Promise<readonly Definition[]> {
  const text = await files.readText(join(folder, "pm2.json"));
  const parsed = CapturedDefinitions.safeParse(parseJson(text ?? ""));
  if (!parsed.success) {
    throw damaged(folder, "its pm2.json cannot be read");
  }
  return parsed.data;
}

/** One that cannot be read is no snapshot, and says so. */
async function readDatabase(files: Files, folder: string): Promise<DatabaseRecord | undefined> {
  const text = await files.readText(join(folder, DATABASE_FILE));
  if (text === undefined) {
    return undefined;
  }
  const record = DatabaseRecord.safeParse(parseJson(text));
  return record.success
    ? record.data
    : { kind: "none", at: 0, reason: `${DATABASE_FILE} cannot be read` };
}

/** One that cannot be read, or that another version wrote, is not known. */
async function readSchema(files: Files, folder: string): Promise<SchemaCatalogue | undefined> {
  const text = await files.readText(join(folder, SCHEMA_FILE));
  const schema = SchemaCatalogue.safeParse(text === undefined ? undefined : parseJson(text));
  return schema.success ? schema.data : undefined;
}

async function readWarm(files: Files, folder: string): Promise<WarmDatabase | undefined> {
  const text = await files.readText(join(folder, WARM_FILE));
  const warm = WarmDatabase.safeParse(text === undefined ? undefined : parseJson(text));
  return warm.success ? warm.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(id: string, reason: string): Failure {
  return new Failure("release-damaged", `release ${id} cannot be used: ${reason}`, {
    hint: "A healthy release is captured anew after its bake time; look at the disk of the state folder.",
  });
}
