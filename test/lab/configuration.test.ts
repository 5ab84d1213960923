import { describe, expect, it } from "vitest";
import { editConfiguration } from "../../lab/configuration.ts";

const TEXT = `# comment
application:
  root: /srv/app # the tree
signals:
  - probe: { url: http://127.0.0.1:3000/health }
release:
  bake: 10m
`;

describe("editConfiguration", () => {
  it("replaces values and leaves every other character alone", () => {
    const edited = editConfiguration(TEXT, {
      values: { "application.root": "/tmp/x", "release.bake": "20s" },
      prefixes: { "http://127.0.0.1:3000": "http://127.0.0.1:17000" },
    });

    expect(edited.text).toBe(
      TEXT.replace("/srv/app", "/tmp/x").replace("10m", "20s").replace("3000", "17000"),
    );
  });

  it("tells the lines that differ", () => {
    const edited = editConfiguration(TEXT, { values: { "release.bake": "20s" }, prefixes: {} });

    expect(edited.differences).toEqual([{ line: 7, before: "bake: 10m", after: "bake: 20s" }]);
  });

  it("refuses to set what the file does not have", () => {
    expect(() =>
      editConfiguration(TEXT, { values: { "release.keep": "5" }, prefixes: {} }),
    ).toThrow("no value at release.keep");
  });
});
