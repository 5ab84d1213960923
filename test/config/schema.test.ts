import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { configJsonSchema, configTree } from "../../src/config/schema-tree.ts";
import type { SchemaNode } from "../../src/config/schema-tree.ts";

async function read(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}

/** Every key that an operator may write, at any depth. */
function everyKey(node: SchemaNode): readonly string[] {
  const more = typeof node.additionalProperties === "object" ? [node.additionalProperties] : [];
  const below = [...Object.values(node.properties ?? {}), ...(node.oneOf ?? []), ...more];
  const items = node.items === undefined ? [] : [node.items];
  return [...Object.keys(node.properties ?? {}), ...[...below, ...items].flatMap(everyKey)];
}

describe("the committed JSON Schema", () => {
  it("is what `npm run schema` writes", async () => {
    const committed: unknown = JSON.parse(await read("config/rollwatch.schema.json"));

    expect(committed).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });
});

describe("every key of the schema", () => {
  const keys = [...new Set(everyKey(configTree()))];

  it("is there to be looked for", () => {
    expect(keys).toEqual(
      expect.arrayContaining(["application", "quiesce", "expectStatus", "bake"]),
    );
  });

  it.each(keys)("%s is shown in the shipped configuration, commented out or not", async (key) => {
    const text = await read("config/rollwatch.yaml");

    expect(text).toMatch(new RegExp(`^[\\s#-]*${key}(:|  )`, "mu"));
  });

  it.each(keys)("%s is described in docs/configuration.md", async (key) => {
    const text = await read("docs/configuration.md");

    expect(text).toMatch(new RegExp(`\`([a-zA-Z.<>\\[\\]-]*\\.)?${key}\``, "u"));
  });
});
