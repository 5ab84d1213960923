import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { run } from "./command.ts";
import { npmEnvironment, ROOT } from "./environment.ts";

const INSTALL_LIMIT_MS = 5 * 60_000;
const CACHE = path.join(ROOT, ".cache", "modules");

const Lockfile = z.object({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Hash of the dependencies that a lock file names; the application's own version is no dependency. */
export async function modulesHash(folder: string): Promise<string> {
  const lock = Lockfile.parse(JSON.parse(await readFile(lockIn(folder), "utf8")));
  const packages = { ...lock.packages, "": { ...lock.packages[""], version: "" } };
  return createHash("sha256").update(JSON.stringify(packages)).digest("hex").slice(0, 16);
}

/**
 * The installed `node_modules` for the lock file in `folder`, kept in the clone's cache; installed with npm when they are not
 * there yet, which is the only time the network is needed.
 */
export async function cachedModules(folder: string): Promise<string> {
  const home = path.join(CACHE, await modulesHash(folder));
  const modules = path.join(home, "node_modules");
  if (await exists(modules)) {
    return modules;
  }
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(path.join(CACHE, "new-"));
  try {
    await cp(path.join(folder, "package.json"), path.join(fresh, "package.json"));
    await cp(lockIn(folder), lockIn(fresh));
    await npmCi(fresh);
    // Made for its owner alone; the demo may be tried as another user.
    await chmod(fresh, 0o755);
    await rename(fresh, home).catch(async (error: unknown) => {
      // Somebody else may have installed the same in the meantime.
      if (!(await exists(modules))) {
        throw error;
      }
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return modules;
}

/** Replaces the `node_modules` of `folder` by those its lock file asks for. */
export async function replaceModules(folder: string, installWith: "cache" | "npm"): Promise<void> {
  if (installWith === "npm") {
    await npmCi(folder);
    return;
  }
  const target = path.join(folder, "node_modules");
  const fresh = `${target}.new`;
  await cp(await cachedModules(folder), fresh, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
  await rm(target, { recursive: true, force: true });
  await rename(fresh, target);
}

async function npmCi(folder: string): Promise<void> {
  const args = [
    "ci",
    "--omit=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
  ];
  await run("npm", args, { cwd: folder, env: npmEnvironment(), timeoutMs: INSTALL_LIMIT_MS });
}

function lockIn(folder: string): string {
  return path.join(folder, "package-lock.json");
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
