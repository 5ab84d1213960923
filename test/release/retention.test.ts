import { describe, expect, it } from "vitest";
import type { KnownRelease } from "../../src/model/history.ts";
import { releasesToPrune } from "../../src/release/retention.ts";

function captured(id: string, capturedAt: number, provenAt?: number): KnownRelease {
  const known = { id, identity: {}, tag: null, capturedAt };
  return provenAt === undefined ? known : { ...known, provenAt };
}

describe("retention", () => {
  it("prunes all but the newest, oldest first", () => {
    const known = [captured("b", 2), captured("a", 1), captured("d", 4), captured("c", 3, 9)];

    expect(releasesToPrune(known, 2, new Set())).toEqual(["a", "b"]);
  });

  it("never prunes the one proven last, however old", () => {
    const known = [captured("a", 1, 5), captured("b", 2, 9), captured("c", 3), captured("d", 4)];

    expect(releasesToPrune(known, 1, new Set())).toEqual(["a", "c"]);
  });

  it("never prunes what is protected", () => {
    const known = [captured("a", 1), captured("b", 2), captured("c", 3, 4)];

    expect(releasesToPrune(known, 1, new Set(["a"]))).toEqual(["b"]);
  });

  it("prunes nothing while there are no more than may be kept", () => {
    expect(releasesToPrune([captured("a", 1), captured("b", 2)], 2, new Set())).toEqual([]);
  });
});
