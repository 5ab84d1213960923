import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { completionScript } from "../../src/cli/completion-script.ts";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import { TRIGGERS } from "../../src/model/trigger.ts";

const run = promisify(execFile);

async function absent(): Promise<never> {
  throw new Error("not needed for completion");
}

async function scriptFor(shell: string): Promise<string> {
  let out = "";
  const ports: CliPorts = {
    out: (text) => {
      out += text;
    },
    err: () => undefined,
    environment: {},
    isTerminal: false,
    canAsk: false,
    ask: absent,
    sleep: absent,
    host: { version: "9.9.9", pid: 1, nodeVersion: "v20.20.2", announceReady: () => undefined },
    now: () => 0,
    exists: () => false,
    openOperations: absent,
    openActions: absent,
    openDatabaseRows: absent,
    init: absent,
    doctor: absent,
    exportIncident: absent,
    followUps: async () => ({ tasks: [], checklists: [] }),
    testChannels: async () => [],
    replay: absent,
    runDaemon: absent,
    deployUnderLock: absent,
    openGuardOutside: () => ({ probe: async () => ({ kind: "good" }), page: async () => 0 }),
  };
  expect(await runCli(["completion", shell], ports, new AbortController().signal)).toBe(0);
  return out;
}

/** What bash offers after these words; the last one is being typed. */
async function offered(script: string, words: readonly string[]): Promise<readonly string[]> {
  const ask = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_rollwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run("bash", ["--norc", "-c", ask]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("the completion of bash", () => {
  it.each([
    [["rollwatch", "rel"], ["release"]],
    [
      ["rollwatch", "release", ""],
      ["list", "show", "diff", "capture", "verify", "prune"],
    ],
    [["rollwatch", "--json", "release", "sh"], ["show"]],
    [["rollwatch", "rollback", "--dr"], ["--dry-run"]],
    [
      ["rollwatch", "rollback", "--scope", ""],
      ["application", "service"],
    ],
    [["rollwatch", "report", "mem"], ["memory"]],
    [["rollwatch", "rollback", "--trigger", "web"], ["websocket"]],
    [["rollwatch", "maintenance", "start", "--f"], ["--for"]],
    [["rollwatch", "nonsense", "--ver"], ["--version"]],
  ])("after %j offers %j", async (words, expected) => {
    const script = await scriptFor("bash");

    expect(await offered(script, words)).toEqual(expect.arrayContaining(expected));
  });

  it("offers files where a file is named", async () => {
    const script = await scriptFor("bash");

    expect(await offered(script, ["rollwatch", "status", "--config", "/etc/passw"])).toContain(
      "/etc/passwd",
    );
  });

  it("is a script that bash reads without a word", async () => {
    const { stderr } = await run("bash", ["-n", "-c", await scriptFor("bash")]);

    expect(stderr).toBe("");
  });
});

describe("the completion of the others", () => {
  it.each(["zsh", "fish"])("%s knows commands, options and choices", async (shell) => {
    const script = await scriptFor(shell);

    expect(script).toContain(`release list`);
    expect(script).toContain("--dry-run");
    expect(script).toContain(TRIGGERS.join(" "));
    expect(script).not.toContain("undefined");
  });

  it("zsh's is shell that bash could read, too, up to its own words", async () => {
    const { stderr } = await run("bash", ["-n", "-c", await scriptFor("zsh")]);

    expect(stderr).toBe("");
  });

  it("is made of nothing but what it is given", () => {
    const places = [{ path: "", words: ["go"], values: [] }];

    expect(completionScript("bash", places)).toContain('"") COMPREPLY=($(compgen -W "go"');
  });
});

describe("docs/commands.md", () => {
  it("has every command", async () => {
    const text = readFileSync(new URL("../../docs/commands.md", import.meta.url), "utf8");
    const script = await scriptFor("bash");

    const paths = [...script.matchAll(/^ {4}"([^":]+)"\) COMPREPLY/gmu)].map(
      ([, path]) => path ?? "",
    );
    const commands = paths.filter((path) => !paths.some((other) => other.startsWith(`${path} `)));

    expect(commands.length).toBeGreaterThan(20);
    expect(commands.filter((path) => !text.includes(`\`rollwatch ${path}`))).toEqual([]);
  });
});
