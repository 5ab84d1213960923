import { describe, expect, it } from "vitest";
import { newestProvenOther } from "../../src/app/readinesses.ts";
import type { KnownRelease } from "../../src/model/history.ts";
import {
  aHistory,
  anIdentity,
  aPlan,
  aRecovery,
  aRelease,
  BAD_COMMIT,
  NOON,
} from "../support/builders.ts";
import { withDaemon } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const DEPLOYED = anIdentity({ commit: BAD_COMMIT });

function known(id: string, over: Partial<KnownRelease> = {}): KnownRelease {
  const identity = anIdentity({ commit: id.padEnd(40, "0") });
  return { id, identity, tag: null, capturedAt: NOON, provenAt: NOON, ...over };
}

const { provenAt: _none, ...CAPTURED_ONLY } = known("d");

const ROWS: readonly (readonly [string, readonly KnownRelease[], string | undefined])[] = [
  ["there is none before the first", [], undefined],
  ["one that was only captured is none", [CAPTURED_ONLY], undefined],
  ["what is deployed is none", [known("a", { identity: DEPLOYED })], undefined],
  [
    "the newest proof counts, not the newest capture",
    [known("a", { provenAt: NOON + 1 }), known("c", { capturedAt: NOON + 1 })],
    "a",
  ],
  [
    "the newest one is passed over when it is what is deployed",
    [known("a"), known("c", { identity: DEPLOYED, provenAt: NOON + 1 })],
    "a",
  ],
];

describe("the newest proven release that is not deployed", () => {
  it.each(ROWS)("%s", (_name, releases, expected) => {
    expect(newestProvenOther(aHistory({ releases }), DEPLOYED)?.id).toBe(expected);
  });

  // What was done while `c` was deployed, and whether it is still one to go back to
  it.each([
    ["a restart of a service", { scope: "service", target: null }, "c"],
    ["a rollback to another", { scope: "application", target: "a" }, "a"],
  ] as const)("after %s", (_name, done, expected) => {
    const later = known("c", { provenAt: NOON + 1 });
    const recoveries = [aRecovery(NOON, { plan: aPlan({ ...done, from: later.identity }) })];
    const history = aHistory({ releases: [known("a"), later], recoveries });

    expect(newestProvenOther(history, DEPLOYED)?.id).toBe(expected);
  });

  it("is the newest of all while nobody knows what is deployed", () => {
    const releases = [known("a"), known("c", { identity: DEPLOYED, provenAt: NOON + 1 })];

    expect(newestProvenOther(aHistory({ releases }), undefined)?.id).toBe("c");
  });
});

describe("a readiness", () => {
  it("is unknown until it was checked, and again when it is forgotten", async () => {
    await withDaemon(async ({ daemon }) => {
      const { readinesses } = daemon;
      const release = aRelease({ id: "rel-nothing" });

      const before = readinesses.get(release.id);
      await readinesses.check(release, LIVE);
      const during = readinesses.get(release.id);
      readinesses.forget(release.id);

      expect(before).toBeUndefined();
      expect(during).toMatchObject({ kind: "not-ready" });
      expect(readinesses.get(release.id)).toBeUndefined();
    });
  });
});
