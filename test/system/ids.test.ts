import { describe, expect, it } from "vitest";
import { openIds } from "../../src/system/ids.ts";

describe("ids", () => {
  it("are made of prefix, time and randomness", () => {
    const id = openIds().next("inc", Date.UTC(2026, 10, 22, 15, 30, 12, 345));

    expect(id).toMatch(/^inc-20261122T153012-[0-9a-z]{6}$/u);
  });

  it("differ within the same moment", () => {
    const ids = openIds();

    const made = Array.from({ length: 200 }, () => ids.next("inc", 0));

    expect(new Set(made).size).toBe(200);
  });

  it("sort by time", () => {
    const ids = openIds();

    const earlier = ids.next("inc", Date.UTC(2026, 10, 22, 9, 59, 59));
    const later = ids.next("inc", Date.UTC(2026, 10, 22, 10, 0, 0));

    expect([later, earlier].toSorted()).toEqual([earlier, later]);
  });
});
