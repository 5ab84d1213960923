import { expect, it } from "vitest";
import { parseWish } from "../../demo/arguments.ts";

it("plays system-down for a person when nothing is asked for", () => {
  expect(parseWish([])).toEqual({
    kind: "play",
    fault: "system-down",
    json: false,
    keep: false,
    killDaemon: false,
    approve: false,
  });
});

it("refuses an option that it does not know", () => {
  expect(() => parseWish(["--fualt", "none"])).toThrow("--fualt");
});

it("writes the report of the incident where it is asked to", () => {
  expect(parseWish(["--report", "docs/examples"])).toMatchObject({ report: "docs/examples" });
});
