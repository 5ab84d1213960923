import { expect, it } from "vitest";
import { openPeople } from "../../src/api/people.ts";
import { ContactSettings } from "../../src/model/people.ts";

// A name that the operator of this host gives, and the one that is journaled
it.each([
  ["Dana", "Dana"],
  ["Policy", "Policy (no token)"], // a plan of `policy` is rollwatch's own
  ["ada", "ada (no token)"], // only a token proves to be Ada
])("an operator who says %s is noted as %s", (name, noted) => {
  const people = openPeople([ContactSettings.parse({ name: "Ada", access: ["approve"] })]);

  expect(people.operator(name)?.name).toBe(noted);
});
