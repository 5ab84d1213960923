import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
/** The traps of the fact sheet, by number. */
const TRAPS = Array.from({ length: 21 }, (_, index) => `P${index + 1}`);

/** The rows of the tables, each as its cells. */
async function rows(): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(ROOT, "docs", "pm2.md"), "utf8");
  const lines = text.split("\n").filter((line) => /^\| (?!trap |-)/u.test(line));
  return lines.map((line) => line.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/gu, "")));
}

it("every trap of pm2 has a row, and every row names its tests", async () => {
  const all = await rows();

  const named = new Set(all.map(([trap = ""]) => /^P\d+/u.exec(trap)?.[0]));
  expect(TRAPS.filter((trap) => !named.has(trap))).toEqual([]);
  expect(all.filter((cells) => testsIn(cells).length === 0)).toEqual([]);
});

it("every test that the table of pm2's traps names exists", async () => {
  const missing: string[] = [];

  for (const { file, name } of (await rows()).flatMap(testsIn)) {
    const source = await readFile(join(ROOT, file), "utf8").catch(() => "");
    if (!source.includes(`"${name}"`)) {
      missing.push(`${file}: ${name}`);
    }
  }

  expect(missing).toEqual([]);
});

function testsIn(cells: readonly string[]): { readonly file: string; readonly name: string }[] {
  const [, , tests = ""] = cells;
  return [...tests.matchAll(/`(test\/[^`]+)`: "([^"]+)"/gu)].map(([, file = "", name = ""]) => ({
    file,
    name,
  }));
}
