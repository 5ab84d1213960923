import { describe, expect, it } from "vitest";
import { escapeForJson, filled, namesIn } from "../../src/observe/templates.ts";

function asItIs(value: string): string {
  return value;
}

describe("a text with places", () => {
  it("names each place once", () => {
    expect(namesIn("/{{id}}/{{token_2}}?again={{id}}")).toEqual(["id", "token_2"]);
    expect(namesIn("{id} {{ id }} {{2}} {{}}")).toEqual([]);
  });

  it("has its places filled, and is left alone where nothing is saved", () => {
    const saved = new Map([["id", "7"]]);

    expect(filled("/{{id}}/{{other}}/{{id}}", saved, asItIs)).toBe("/7/{{other}}/7");
  });

  it("takes a value for a value: no place in it is filled again", () => {
    const saved = new Map([
      ["a", "{{b}}$&"],
      ["b", "secret"],
    ]);

    expect(filled("{{a}}", saved, asItIs)).toBe("{{b}}$&");
  });

  it("escapes a value for a text of JSON", () => {
    const saved = new Map([["name", 'x", "admin": true\n']]);

    const body = filled('{"name": "{{name}}"}', saved, escapeForJson);

    expect(JSON.parse(body)).toEqual({ name: 'x", "admin": true\n' });
  });
});
