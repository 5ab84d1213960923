import { join } from "node:path";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";

/** What a release of the application consists of, as its folder suggests. Paths are relative to the root. */
export interface FoundFiles {
  readonly artifacts: readonly string[];
  /** Built or installed, not committed. */
  readonly built: readonly string[];
  readonly environment: readonly string[];
  readonly lockfile: string | undefined;
  /** What lies in the root and was left out. */
  readonly left: readonly string[];
}

/** Folders that a build or an installation makes. */
const BUILT = ["node_modules", "dist", "build", "out", "lib", ".next", ".nuxt", ".output"];
const LOCKFILES = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"];
const ENVIRONMENT = /^\.env(?:\.(?!example$|sample$|template$|dist$)[\w-]+)?$/u;
/** What an application writes or a person keeps: a rollback must not put it back. */
const NEVER =
  /^(?:\.git|\.rollwatch|logs?|data|uploads?|te?mp|cache|\.cache|backups?|pids?)$|\.(?:log|pid|sock|sqlite3?|db)$/iu;

/** Looks through the top of the root. What git has belongs to the release, and so does what is built from it. */
export async function findFiles(
  { files, git }: { readonly files: Files; readonly git: Git },
  { root, isGit }: { readonly root: string; readonly isGit: boolean },
  signal: AbortSignal,
): Promise<FoundFiles> {
  const names = await files.list(root);
  const tracked = isGit ? await git.trackedNames(root, signal) : [];
  const environment: string[] = [];
  for (const name of names.filter((one) => ENVIRONMENT.test(one))) {
    if ((await files.kind(join(root, name))) === "file") {
      environment.push(name);
    }
  }
  const committed =
    tracked.length > 0
      ? names.filter((name) => tracked.includes(name))
      : names.filter((name) => !NEVER.test(name) && !BUILT.includes(name));
  const built = BUILT.filter((name) => names.includes(name) && !committed.includes(name));
  const artifacts = [...committed.filter((name) => !environment.includes(name)), ...built];
  const known = new Set([...artifacts, ...environment, ".git", ".rollwatch"]);
  return {
    artifacts,
    built,
    environment,
    lockfile: LOCKFILES.find((name) => names.includes(name)),
    left: names.filter((name) => !known.has(name)),
  };
}
