import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deployingIn, isDeploying } from "../../src/system/deploying.ts";
import { withTempFolder } from "../support/temp.ts";

describe("a command line", () => {
  it.each([
    "npm ci",
    "npm install --omit=dev",
    "npm --silent run build",
    "npm run-script build:server",
    "node /usr/bin/npm ci",
    "node /usr/lib/node_modules/npm/bin/npm-cli.js rebuild",
    "/usr/bin/node /opt/pnpm/pnpm.cjs install",
    "node /usr/share/yarn/yarn.js install",
    "git pull --ff-only",
    "/usr/bin/git -c core.x=1 checkout v2",
    "git reset --hard origin/main",
  ])("of a deployment: %s", (line) => {
    expect(isDeploying(line)).toBe(true);
  });

  it.each([
    "npm start",
    "npm run serve",
    "node server/main.js install",
    "git status",
    "git log --oneline",
    "node build.js",
    "vim notes-on-npm-ci.md",
    "tail -f pull.log",
    "",
  ])("of none: %s", (line) => {
    expect(isDeploying(line)).toBe(false);
  });
});

/** Runs `body` while a program named `npm` runs in `cwd`, with these variables. */
async function whileNpmRuns(
  folder: string,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  body: (pid: number) => Promise<void>,
): Promise<void> {
  const program = join(folder, "npm");
  await writeFile(program, "#!/bin/sh\necho begun\nread -r end\n", { mode: 0o755 });
  const child = spawn(program, ["ci"], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
  const gone = once(child, "exit");
  try {
    await once(child.stdout, "data");
    await body(child.pid ?? 0);
  } finally {
    child.stdin.end();
    await gone;
  }
}

describe("the programs that deploy into a folder", () => {
  it("are those that run in it or below, also where it is named by a link, and no others", async () => {
    await withTempFolder(async (folder) => {
      const root = join(folder, "app");
      const below = join(root, "server");
      await mkdir(below, { recursive: true });
      await mkdir(join(folder, "app-2"));
      await symlink(root, join(folder, "current"));

      await whileNpmRuns(folder, { cwd: below }, async (pid) => {
        const told = [expect.stringMatching(new RegExp(`npm ci \\(pid ${pid}\\)$`, "u"))];
        expect(await deployingIn(root)).toEqual(told);
        expect(await deployingIn(join(folder, "current"))).toEqual(told);
        expect(await deployingIn(join(folder, "app-2"))).toEqual([]);
      });
      expect(await deployingIn(root)).toEqual([]);
    });
  });

  it("are not rollwatch's own children", async () => {
    await withTempFolder(async (folder) => {
      await whileNpmRuns(folder, { cwd: folder, env: { ROLLWATCH_CHILD: "x.1" } }, async () => {
        expect(await deployingIn(folder)).toEqual([]);
      });
    });
  });
});
