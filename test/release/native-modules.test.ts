import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findNativeModules, loadNativeModules } from "../../src/release/native-modules.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openProcesses } from "../../src/system/process.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";
import { withTempFolder } from "../support/temp.ts";

const { signal } = new AbortController();
const THIS_NODE = { version: process.version, path: process.execPath, env: {} };
const GOOD = "node_modules/good/good.node";
const BAD = "node_modules/bad/bad.node";

/** A module that this Node loads, and one that is none. */
async function withModules(body: (tree: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (tree) => {
    const [installed = ""] = await openFiles()
      .listTree(join(import.meta.dirname, "../.."), "node_modules/@libsql", signal)
      .then((entries) => entries.map(({ path }) => path).filter((path) => path.endsWith(".node")));
    await mkdir(join(tree, "node_modules/good"), { recursive: true });
    await mkdir(join(tree, "node_modules/bad"), { recursive: true });
    await openFiles().copy(join(import.meta.dirname, "../..", installed), join(tree, GOOD), signal);
    await writeFile(join(tree, BAD), "no module");
    await writeFile(join(tree, "node_modules/bad/other.txt"), "");
    await body(tree);
  });
}

describe("native modules", () => {
  it("are found below the artefacts, and loaded by the interpreter in a process of its own", async () => {
    await withModules(async (tree) => {
      const processes = openProcesses(openClock());
      const modules = await findNativeModules(openFiles(), tree, ["node_modules"], signal);
      const ports = { processes, memory: new Map() };

      const reasons = await loadNativeModules(ports, THIS_NODE, { tree, modules }, signal);

      expect(modules.map(({ path }) => path)).toEqual([BAD, GOOD]);
      expect(reasons).toEqual([expect.stringContaining("file too short"), null]);
    });
  });

  it("are tried once for each content and interpreter", async () => {
    const processes = fakeProcesses();
    processes.answer("/usr/bin/node", { stdout: "\nrollwatch null\n" });
    const memory = new Map<string, string | null>();
    const old = { version: "v20.1.0", path: "/usr/bin/node", env: {} };
    async function load(interpreter: typeof old, digest: string): Promise<number> {
      const what = { tree: "/", modules: [{ path: GOOD, digest }] };
      await loadNativeModules({ processes, memory }, interpreter, what, signal);
      return processes.commands.length;
    }

    const tries = [
      await load(old, "1"),
      await load(old, "1"),
      await load({ ...old, version: "v20.2.0" }, "1"),
      await load(old, "2"),
    ];

    expect(tries).toEqual([1, 1, 2, 3]);
  });

  it("have their own answer when one of them ends the process", async () => {
    const processes = fakeProcesses();
    processes.answer("/usr/bin/node", { stdout: "\nrollwatch null\n", status: null });
    const digests = ["a", "b", "c"];
    const modules = digests.map((digest) => ({ path: `${digest}.node`, digest }));
    const interpreter = { version: "v20.1.0", path: "/usr/bin/node", env: {} };

    const ports = { processes, memory: new Map() };
    const reasons = await loadNativeModules(ports, interpreter, { tree: "/", modules }, signal);

    expect(reasons).toEqual([null, "loading it ends the process", null]);
    expect(processes.commands.map(({ args }) => args.slice(2))).toEqual([
      ["/a.node", "/b.node", "/c.node"],
      ["/c.node"],
    ]);
  });
});
