import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { OUTLINES } from "../../src/incident/outlines.ts";

const FOLDER = join(import.meta.dirname, "../../docs/examples");
const NAMES = ["data-corruption", "database-dead-after-deploy", "error-rate"];

async function example(file: string): Promise<string> {
  return readFile(join(FOLDER, file), "utf8");
}

it("there are reports of three incidents, as Markdown and as a page, and the README leads to each", async () => {
  const files = await readdir(FOLDER);
  const readme = await example("README.md");

  const expected = NAMES.flatMap((name) => [`${name}.html`, `${name}.md`]);
  expect(files.filter((file) => file !== "README.md").toSorted()).toEqual(expected);
  expect(expected.filter((file) => !readme.includes(`](${file})`))).toEqual([]);
});

it.each(NAMES)(
  "the report of %s has the headings that are written today, in both",
  async (name) => {
    const headings = OUTLINES.runbook.map((section) => section.heading);

    const markdown = await example(`${name}.md`);
    const page = await example(`${name}.html`);

    expect([...markdown.matchAll(/^## (.*)$/gmu)].map(([, heading]) => heading)).toEqual(headings);
    expect([...page.matchAll(/<h2>(.*)<\/h2>/gu)].map(([, heading]) => heading)).toEqual(headings);
  },
);

it.each(NAMES)("the report of %s names nothing of the machine and no password", async (name) => {
  const text = (await example(`${name}.md`)) + (await example(`${name}.html`));

  expect(text).not.toMatch(/\/(?:home|root|work|var)\//u);
  expect(text).not.toMatch(/postgres(?:ql)?:\/\/[^\s/]*:[^\s/]*@/u);
});
