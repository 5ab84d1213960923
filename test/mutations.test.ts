import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "..");
const Mutation = z.object({
  file: z.string(),
  from: z.string(),
  to: z.string(),
  meaning: z.string(),
  test: z.string(),
  name: z.string(),
});

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), "utf8");
}

const mutations = z.array(Mutation).parse(JSON.parse(read("test/mutations.json")));

describe("the list of mutations", () => {
  it("has ten of them at least", () => {
    expect(mutations.length).toBeGreaterThanOrEqual(10);
  });

  it.each(mutations)("still finds its place in $file: $meaning", ({ file, from, to }) => {
    expect(read(file).split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  });

  it.each(mutations)("stands in docs/testing.md: $meaning", ({ file, meaning, test, name }) => {
    const row = read("docs/testing.md")
      .split("\n")
      .find((line) => line.includes(meaning));

    expect(row).toContain(`\`${file}\``);
    expect(row).toContain(`\`${test}\`: ${name}`);
  });
});
