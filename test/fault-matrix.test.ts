import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../", import.meta.url);

/** One row of docs/fault-matrix.md. */
interface Row {
  readonly fault: string;
  readonly shownBy: string;
}

const rows = read("docs/fault-matrix.md")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(2)
  .map((line): Row => {
    const [, fault = "", , shownBy = ""] = line.split("|").map((cell) => cell.trim());
    return { fault, shownBy };
  });

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, ROOT)), "utf8");
}

describe("the fault matrix", () => {
  it("has a row for each fault that was to be survived", () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  it.each(rows)("names tests that there are, or says why not: $fault", ({ shownBy }) => {
    const tests = [...shownBy.matchAll(/`(test\/[^`]+)`: (.*?)(?: <br>|$)/gu)];
    const missing = tests.filter(([, file = "", title = ""]) => !read(file).includes(title));

    expect(tests.length > 0 || /^not tested: .{20}/u.test(shownBy)).toBe(true);
    expect(missing.map(([all]) => all)).toEqual([]);
  });
});
