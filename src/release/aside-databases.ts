import { join } from "node:path";
import { AsideDatabase } from "../model/aside-database.ts";
import type { Files } from "../system/files.ts";

const LONGEST_NAME_BYTES = 63;
const SUFFIX = ".json";

/** `<live>_aside_<time>`, the live one's name cut so that the server cuts nothing. */
export function asideName(live: string, now: number): string {
  const suffix = `_aside_${now}`;
  const letters = Array.from(live);
  while (Buffer.byteLength(letters.join("") + suffix) > LONGEST_NAME_BYTES) {
    letters.pop();
  }
  return letters.join("") + suffix;
}

function folderOf(stateFolder: string): string {
  return join(stateFolder, "asides");
}

function fileOf(stateFolder: string, name: string): string {
  return join(folderOf(stateFolder), `${encodeURIComponent(name)}${SUFFIX}`);
}

/** Notes a swap before it is made. */
export async function writeAside(
  files: Files,
  stateFolder: string,
  aside: AsideDatabase,
): Promise<void> {
  await files.makeFolder(folderOf(stateFolder), 0o700);
  const path = fileOf(stateFolder, aside.pair.replaced.name);
  await files.writeAtomic(path, `${JSON.stringify(aside)}\n`, 0o600);
}

/** Every swap that is noted, newest first. */
export async function listAsides(
  files: Files,
  stateFolder: string,
): Promise<readonly AsideDatabase[]> {
  const asides: AsideDatabase[] = [];
  for (const file of await files.list(folderOf(stateFolder))) {
    const text = file.endsWith(SUFFIX)
      ? await files.readText(join(folderOf(stateFolder), file))
      : undefined;
    asides.push(...(text === undefined ? [] : [AsideDatabase.parse(JSON.parse(text))]));
  }
  return asides.toSorted((one, other) => other.at - one.at);
}

/** Forgets a swap, once nothing is kept of it any more. */
export async function forgetAside(files: Files, stateFolder: string, name: string): Promise<void> {
  await files.remove(fileOf(stateFolder, name));
}

/** The swap that kept, or was to keep, a database under this name; undefined where none is noted. */
export async function readAside(
  files: Files,
  stateFolder: string,
  name: string,
): Promise<AsideDatabase | undefined> {
  const text = await files.readText(fileOf(stateFolder, name));
  return text === undefined ? undefined : AsideDatabase.parse(JSON.parse(text));
}
