import { access } from "node:fs/promises";
import path from "node:path";
import { cachedModules } from "./modules.ts";
import { findPostgres } from "./postgres-programs.ts";
import { EXAMPLE, listReleases, overlayOf } from "./releases.ts";

/** Fetches everything that a lab needs later without a network: the dependencies of every release, and a PostgreSQL. */
async function prepare(): Promise<void> {
  await findPostgres();
  await cachedModules(EXAMPLE);
  for (const release of await listReleases()) {
    const overlay = overlayOf(release);
    const hasLock = await access(path.join(overlay, "package-lock.json")).then(
      () => true,
      () => false,
    );
    if (hasLock) {
      await cachedModules(overlay);
    }
  }
}

await prepare();
