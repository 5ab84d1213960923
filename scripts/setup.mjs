import { createHash } from "node:crypto";
import { access, chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { ROOT, run, runTypeScript, runTool, secondsSince, tell } from "./run.mjs";

const MODULES = path.join(ROOT, "node_modules");
const MODULES_STAMP = path.join(MODULES, ".rollwatch-setup");
const CACHE = path.join(ROOT, ".cache");
const PREPARED_STAMP = path.join(CACHE, "prepared");
const DIST = path.join(ROOT, "dist");
const BUILD_STAMP = path.join(DIST, ".rollwatch-build");
const OLDEST_NODE = [20, 19];

/**
 * Makes a clone ready to run: dependencies, build, and what the lab needs later without a network. Writes only inside the
 * clone and the npm cache, does nothing when nothing changed, and says on stderr what takes time.
 */
export async function setUp() {
  checkNode();
  await useOwnNpmCacheWithoutHome();
  await installDependencies();
  await build();
  await prepareLab();
}

/** Installs the root's dependencies when the lock file is not the one they were installed from. */
export async function installDependencies() {
  const hash = await hashFiles([path.join(ROOT, "package-lock.json")]);
  if ((await readText(MODULES_STAMP)) === hash) {
    return;
  }
  if (!(await isInstalled())) {
    await step("installing dependencies (once)", async () => {
      const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"];
      return run("npm", args, { quiet: true, env: npmEnvironment() });
    });
  }
  await writeFile(MODULES_STAMP, hash);
}

/** Compiles `src` to `dist` when it changed; the old `dist` stays whole until the new one is. */
export async function build() {
  const sources = [
    ...(await filesBelow(path.join(ROOT, "src"))),
    ...["tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((file) =>
      path.join(ROOT, file),
    ),
  ];
  const hash = await hashFiles(sources);
  if ((await readText(BUILD_STAMP)) === hash) {
    return;
  }
  const fresh = `${DIST}.new`;
  await rm(fresh, { recursive: true, force: true });
  await step("building", async () => {
    return runTool("tsc", ["-p", "tsconfig.build.json", "--outDir", fresh], { quiet: true });
  });
  await makeExecutable(path.join(fresh, "main.js"));
  await writeFile(path.join(fresh, ".rollwatch-build"), hash);
  await rm(DIST, { recursive: true, force: true });
  await rename(fresh, DIST);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new Error(`Node ${OLDEST_NODE.join(".")} or later is needed; this is ${process.version}`);
  }
}

/** For users without a home folder of their own, such as `nobody`. */
async function useOwnNpmCacheWithoutHome() {
  if (process.env.npm_config_cache !== undefined) {
    return;
  }
  try {
    await mkdir(path.join(homedir(), ".npm"), { recursive: true });
    await access(path.join(homedir(), ".npm"), 2);
  } catch {
    process.env.npm_config_cache = path.join(CACHE, "npm");
  }
}

/** Whether npm already installed what the lock file asks for, by hand or before there was a stamp. */
async function isInstalled() {
  const wanted = JSON.parse((await readText(path.join(ROOT, "package-lock.json"))) ?? "{}");
  const hidden = await readText(path.join(MODULES, ".package-lock.json"));
  if (hidden === undefined) {
    return false;
  }
  const found = JSON.parse(hidden).packages;
  return Object.entries(wanted.packages).every(
    ([name, entry]) =>
      name === "" ||
      (found[name] === undefined ? entry.optional === true : found[name].version === entry.version),
  );
}

async function prepareLab() {
  const example = path.join(ROOT, "examples", "radiation-health");
  const locks = (await filesBelow(example)).filter((file) => file.endsWith("package-lock.json"));
  const hash = await hashFiles([path.join(ROOT, "package-lock.json"), ...locks]);
  if ((await readText(PREPARED_STAMP)) === hash) {
    return;
  }
  await step("preparing the example's releases and PostgreSQL (once)", async () => {
    return runTypeScript("lab/prepare.ts", [], { quiet: true, env: npmEnvironment() });
  });
  await mkdir(CACHE, { recursive: true });
  await writeFile(PREPARED_STAMP, hash);
}

function npmEnvironment() {
  const { NODE_ENV: _, ...env } = process.env;
  return { ...env, npm_config_update_notifier: "false", TSX_DISABLE_CACHE: "1" };
}

async function step(title, work) {
  const begun = performance.now();
  tell(`set-up: ${title} …`);
  const { code, output } = await work();
  if (code !== 0) {
    throw new Error(`${output.trim()}\nset-up: ${title} failed (exit code ${code})`);
  }
  tell(`set-up: done in ${secondsSince(begun)}`);
}

/** tsc keeps the shebang of the source, if it has one, but not the permission to execute. */
async function makeExecutable(file) {
  const text = await readText(file);
  if (text !== undefined) {
    await writeFile(file, text.startsWith("#!") ? text : `#!/usr/bin/env node\n${text}`);
    await chmod(file, 0o755);
  }
}

async function hashFiles(files) {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    hash.update(path.relative(ROOT, file)).update("\0");
    hash.update(await readFile(file)).update("\0");
  }
  return hash.digest("hex");
}

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.includes(`${path.sep}node_modules${path.sep}`));
}

async function readText(file) {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
