import { describe, expect, it } from "vitest";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compareConfiguration } from "../../src/release/compare-configuration.ts";
import { openFiles } from "../../src/system/files.ts";
import type { Definition } from "../../src/system/pm2.ts";
import { withTempFolder } from "../support/temp.ts";

type Texts = Readonly<Record<string, string>>;

async function differencesOf(
  before: { readonly files?: Texts; readonly definitions?: readonly Definition[] },
  after: typeof before,
): Promise<readonly string[]> {
  return withTempFolder(async (folder) => {
    const paths = [...new Set([before, after].flatMap(({ files = {} }) => Object.keys(files)))];
    const [from, to] = await Promise.all(
      [before, after].map(async ({ files = {}, definitions = [] }, index) => {
        const tree = join(folder, String(index));
        for (const [path, text] of Object.entries(files)) {
          await mkdir(dirname(join(tree, path)), { recursive: true });
          await writeFile(join(tree, path), text);
        }
        return { tree, configFiles: paths, definitions };
      }),
    );
    const nothing = { tree: folder, configFiles: [], definitions: [] };
    const changes = await compareConfiguration(openFiles(), from ?? nothing, to ?? nothing);
    return changes.map(({ name, change, detail }) => `${name} ${change} ${detail}`.trim());
  });
}

function definition(over: Partial<Definition> = {}): Definition {
  return { name: "web", hash: "", options: {}, env: {}, ...over };
}

describe("configuration files that differ", () => {
  it("are told by the names in them, with values that can be no secrets", async () => {
    const before = ".env";

    const found = await differencesOf(
      { files: { [before]: "POOL=5\nDATABASE_URL=postgres://u:pw@h/d\nOLD=true\nSAME=1\n" } },
      { files: { [before]: "POOL=20\nDATABASE_URL=postgres://u:other@h/d\nNEW=5s\nSAME=1\n" } },
    );

    expect(found).toEqual([
      ".env DATABASE_URL changed *** -> ***",
      ".env NEW added 5s",
      ".env OLD removed true",
      ".env POOL changed 5 -> 20",
    ]);
  });

  it.each([
    // A number under a name that says secret.
    ["PIN=1234\n", ".env PIN added ***"],
    ["API_KEY=42\n", ".env API_KEY added ***"],
    // Words of a person's own.
    ["GREETING=hello\n", ".env GREETING added ***"],
    // A long number may be an account.
    ["ACCOUNT=12345678\n", ".env ACCOUNT added ***"],
  ])("hide the value of %j", async (text, told) => {
    expect(await differencesOf({ files: { ".env": "" } }, { files: { ".env": text } })).toEqual([
      told,
    ]);
  });

  it.each([
    ["server/db.js", "module.exports = {\n  max: 5,\n", "module.exports = {\n  max: 9,\n", "max"],
    ["db.js", "const pool = 5;\n", "const pool = 9;\n", "pool"],
    ["limits.yaml", "dose:\n  hourly: 5\n", "dose:\n  hourly: 9\n", "hourly"],
    ["a.json", '{\n  "limit": 5\n}', '{\n  "limit": 9\n}', "limit"],
  ])("are told by their settings in %s", async (path, before, after, name) => {
    const found = await differencesOf({ files: { [path]: before } }, { files: { [path]: after } });

    expect(found).toEqual([`${path} ${name} changed 5 -> 9`]);
  });

  it("number a name that stands there twice", async () => {
    const found = await differencesOf(
      { files: { "a.yaml": "one:\n  limit: 1\ntwo:\n  limit: 2\n" } },
      { files: { "a.yaml": "one:\n  limit: 1\ntwo:\n  limit: 3\n" } },
    );

    expect(found).toEqual(["a.yaml limit (2) changed 2 -> 3"]);
  });

  it("are told as a whole where no name differs, also when they came or went", async () => {
    const found = await differencesOf(
      { files: { "a.pem": "one", "b.env": "# old" } },
      { files: { "a.pem": "two", "c.bin": "new" } },
    );

    expect(found).toEqual(["a.pem changed", "b.env removed", "c.bin added"]);
  });
});

describe("pm2 definitions that differ", () => {
  it("are told by option and variable; what each start sets anew is nothing", async () => {
    const found = await differencesOf(
      {
        definitions: [
          definition({
            options: { pm_exec_path: "/srv/a.js", args: ["--token=x"], kill_timeout: 1600 },
            env: { MODE: "production", PWD: "/one" },
          }),
        ],
      },
      {
        definitions: [
          definition({
            options: { pm_exec_path: "/srv/b.js", args: ["--token=y"], kill_timeout: 3000 },
            env: { MODE: "staging", FLAG: "on", PWD: "/two" },
          }),
          definition(),
        ],
      },
    );

    expect(found).toEqual([
      "web args changed *** -> ***",
      "web env FLAG added on",
      "web env MODE changed production -> staging",
      "web kill_timeout changed 1600 -> 3000",
      "web pm_exec_path changed /srv/a.js -> /srv/b.js",
      "web processes changed 1 -> 2",
    ]);
  });
});
