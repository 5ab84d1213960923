import { describe, expect, it } from "vitest";
import type { History, KnownRelease } from "../../src/model/history.ts";
import { floorAbove, newestFloor, type SecurityFloor } from "../../src/model/security-floor.ts";
import { aChange, aHistory, anIdentity } from "../support/builders.ts";

function aKnown(commit: string, capturedAt: number): KnownRelease {
  return {
    id: `rel-${commit}-${capturedAt}`,
    identity: anIdentity({ commit }),
    tag: null,
    capturedAt,
  };
}

function aFloor(release: KnownRelease): SecurityFloor {
  const { id, identity, capturedAt } = release;
  return { release: id, identity, capturedAt, by: "kim", reason: "CVE", at: 1000 };
}

function history(floors: readonly KnownRelease[], over: Partial<History> = {}): History {
  return aHistory({ changes: [], floors: floors.map((one) => aFloor(one)), ...over });
}

describe("the security floor above a release", () => {
  it("is none where none is marked, or where all of them are older", () => {
    expect(floorAbove(history([]), aKnown("a", 1))).toBeUndefined();
    expect(floorAbove(history([aKnown("a", 1)]), aKnown("b", 2))).toBeUndefined();
  });

  it("is the newest of those that were captured after it", () => {
    const floors = history([aKnown("c", 3), aKnown("d", 4), aKnown("b", 2)]);

    expect(floorAbove(floors, aKnown("a", 1))).toMatchObject({ capturedAt: 4 });
  });

  it("is none for another capture of the floor itself", () => {
    expect(floorAbove(history([aKnown("b", 2)]), aKnown("b", 1))).toBeUndefined();
  });

  it("stands above an old commit that was captured again after it", () => {
    const releases = [aKnown("a", 1)];
    const changes = [aChange({ at: 1, to: anIdentity({ commit: "a" }) })];
    const again = aKnown("a", 9);

    // Known by its older capture, or where that was pruned by the change.
    expect(floorAbove(history([aKnown("b", 2)], { releases }), again)).toBeDefined();
    expect(floorAbove(history([aKnown("b", 2)], { changes }), again)).toBeDefined();
  });

  it("stands above an older configuration of its own commit", () => {
    const before = { ...aKnown("b", 1), identity: anIdentity({ commit: "b", configFiles: {} }) };
    const floor = aKnown("b", 2);

    expect(floorAbove(history([floor], { releases: [before, floor] }), before)).toBeDefined();
  });

  it("does not take two releases of an unknown commit for the same", () => {
    const { commit: _commit, ...nothing } = anIdentity();
    const releases = [{ ...aKnown("", 1), identity: { ...nothing, lockfile: "other" } }];

    const found = floorAbove(history([aKnown("b", 2)], { releases }), {
      identity: nothing,
      capturedAt: 9,
    });

    expect(found).toBeUndefined();
  });
});

describe("the newest security floor", () => {
  it("is the one that was captured last, not marked last", () => {
    expect(newestFloor(history([aKnown("b", 2), aKnown("a", 1)]))?.capturedAt).toBe(2);
    expect(newestFloor(history([]))).toBeUndefined();
  });
});
