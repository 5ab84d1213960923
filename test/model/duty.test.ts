import { describe, expect, it } from "vitest";
import { isOnDuty, peopleUpTo } from "../../src/model/duty.ts";
import { PeopleSettings } from "../../src/model/people.ts";

const SETTINGS = {
  calendar: { timeZone: "Europe/Berlin" },
  rotations: [{ name: "on-call", people: ["Ada", "Bo"], from: "2026-11-23" }],
  contacts: [
    { name: "Ada", roles: ["system-administrator"], channels: ["ada"] },
    { name: "Bo", roles: ["devops-engineer"], channels: ["bo"] },
    { name: "Cy", roles: ["project-manager"], channels: ["cy"], hours: ["business"] },
    { name: "Di", roles: ["senior-management", "security-team"], channels: ["di"] },
    { name: "Ed", roles: ["executives"], channels: ["ed"] },
  ],
};
const PEOPLE = PeopleSettings.parse(SETTINGS);

function names(level: 1 | 2 | 3, at: string): readonly string[] {
  return peopleUpTo(PEOPLE, level, Date.parse(at)).map(({ name }) => name);
}

describe("those on duty", () => {
  it.each([
    ["in business hours are all of the team", "2026-11-24T10:00Z", ["Ada", "Bo", "Cy"]],
    ["at night is whose turn it is", "2026-11-24T22:00Z", ["Ada"]],
    ["at the weekend is whose turn it is", "2026-11-28T12:00Z", ["Ada"]],
    ["before the handover is still the first", "2026-11-30T07:59Z", ["Ada"]],
    ["after business hours a week later is the second", "2026-11-30T20:00Z", ["Bo"]],
    ["two weeks later is the first again", "2026-12-07T20:00Z", ["Ada"]],
    ["before the rotation began is the first", "2026-11-01T20:00Z", ["Ada"]],
  ])("%s", (_what, at, expected) => {
    expect(names(1, at)).toEqual(expected);
  });

  it("of higher levels are those of lower ones, too", () => {
    expect(names(2, "2026-11-24T22:00Z")).toEqual(["Ada", "Di"]);
    expect(names(3, "2026-11-24T22:00Z")).toEqual(["Ada", "Di", "Ed"]);
  });

  it("are everybody where there is no calendar", () => {
    const { calendar: _, ...without } = PEOPLE;

    const all = PEOPLE.contacts.filter((one) => isOnDuty(without, one, 0));

    expect(all).toHaveLength(5);
  });

  it("hand over at the same time of day when the clocks are put back", () => {
    const people = PeopleSettings.parse({
      ...SETTINGS,
      rotations: [
        { name: "on-call", people: ["Ada", "Bo"], from: "2026-10-24", at: "09:00", days: 1 },
      ],
    });
    // Sunday the 25th, on which Berlin's clocks go back: 08:59 and 09:01 there.
    const before = peopleUpTo(people, 1, Date.parse("2026-10-25T07:59Z"));
    const after = peopleUpTo(people, 1, Date.parse("2026-10-25T08:01Z"));

    expect(before.map(({ name }) => name)).toEqual(["Ada"]);
    expect(after.map(({ name }) => name)).toEqual(["Bo"]);
  });
});
