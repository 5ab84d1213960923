import { dirname, join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Journal } from "../journal/journal.ts";
import type { LockfilePair, Lockfiles } from "../observe/lockfiles.ts";
import { openCatalogue } from "../release/catalogue.ts";
import type { Files } from "../system/files.ts";
import type { Dependencies } from "../system/npm-audit.ts";
import { newestProvenOther } from "./readinesses.ts";

/** Where the lock files lie: one in the application, one in the captured release before it. */
export interface LockfilesInput {
  readonly config: Config;
  readonly files: Files;
  readonly journal: Pick<Journal, "history">;
}

/** The lock files of what runs and of the newest proven release that is another one. */
export function openLockfiles({ config, files, journal }: LockfilesInput): Lockfiles {
  const { application, state } = config;
  const catalogue = openCatalogue(files, state);
  const lockfile = application.lockfile;

  return {
    pair: async (): Promise<LockfilePair> => {
      const history = journal.history();
      const running = await dependenciesIn(files, application.root, lockfile);
      if (running === undefined) {
        return { kind: "missing", detail: `the application has no ${lockfile}` };
      }
      const release = newestProvenOther(history, history.identity?.value);
      if (release === undefined) {
        return { kind: "first" };
      }
      const earlier = await dependenciesIn(files, catalogue.treeOf(release.id), lockfile);
      return earlier === undefined
        ? { kind: "missing", detail: `${release.id} was captured without its ${lockfile}` }
        : { kind: "both", running, earlier, release: release.id };
    },
  };
}

/** What the application in a folder depends on; undefined where there is no lock file. */
export async function dependenciesIn(
  files: Pick<Files, "readText">,
  tree: string,
  lockfile: string,
): Promise<Dependencies | undefined> {
  const text = await files.readText(join(tree, lockfile));
  const manifest = await files.readText(join(tree, dirname(lockfile), "package.json"));
  return text === undefined
    ? undefined
    : { lockfile: text, ...(manifest === undefined ? {} : { manifest }) };
}
