import { describe, expect, it } from "vitest";
import { emptyHistory, fold } from "../../src/journal/fold.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { elapsedAtMost, elapsedSince, type History } from "../../src/model/history.ts";
import type { Notice } from "../../src/model/notice.ts";
import { aPlan } from "../support/builders.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = Date.UTC(2026, 10, 22, 12);

function foldAll(...entries: readonly (readonly [number, Fact])[]): History {
  return entries
    .map(([at, fact], index): Entry => ({ seq: index + 1, at, fact }))
    .reduce(fold, emptyHistory);
}

function set(byMs: number): Fact {
  return { kind: "clock-set", byMs };
}

const PAUSED: Fact = { kind: "paused", by: "Ada", reason: "r", until: NOON + HOUR };

describe("a brake, when the clock is set", () => {
  it.each([
    ["forward keeps what was left of it", 3 * HOUR, NOON + 4 * HOUR],
    ["back ends no earlier than was said", -3 * HOUR, NOON + HOUR],
  ])("%s", (_what, byMs, until) => {
    const history = foldAll([NOON, PAUSED], [NOON + MINUTE + byMs, set(byMs)]);

    expect(history.pause?.until).toBe(until);
  });

  it("without an end has none afterwards", () => {
    const history = foldAll([NOON, { ...PAUSED, until: null }], [NOON + HOUR, set(HOUR)]);

    expect(history.pause?.until).toBeNull();
  });

  it("that was over stays over, also when it is earlier again than its end", () => {
    const history = foldAll([NOON, PAUSED], [NOON, set(-2 * HOUR)]);

    expect(history.pause).toBeUndefined();
  });

  it("holds maintenance and distrust as long, too", () => {
    const history = foldAll(
      [NOON, { kind: "maintenance-started", by: "Ada", reason: "r", until: NOON + HOUR }],
      [NOON, { kind: "observing-only", reason: "r", until: NOON + HOUR }],
      [NOON + 5 * HOUR, set(5 * HOUR)],
    );

    expect([history.maintenance?.until, history.observing?.until]).toEqual([
      NOON + 6 * HOUR,
      NOON + 6 * HOUR,
    ]);
  });
});

describe("what waits for a time of day, when the clock is set", () => {
  const asked: Fact = {
    kind: "approval-asked",
    plan: "p1",
    hash: "h",
    roles: ["system-administrator"],
    everyRole: false,
    expiresAt: NOON + HOUR,
  };

  it.each([
    ["forward expires no later than was said", 3 * HOUR, NOON + HOUR],
    ["back lasts no longer than it was to", -3 * HOUR, NOON - 2 * HOUR],
  ])("as an approval: %s", (_what, byMs, expiresAt) => {
    const planned: Fact = { kind: "planned", plan: aPlan({ id: "p1" }), waits: true };
    const history = foldAll([NOON, planned], [NOON, asked], [NOON + byMs, set(byMs)]);

    expect(history.recoveries[0]?.approval?.expiresAt).toBe(expiresAt);
  });

  it("as a notice that is to be tried again waits as long as before", () => {
    const notice: Notice = {
      id: "n1",
      dedupKey: "k",
      at: NOON,
      reason: "held",
      urgency: "page",
      incident: null,
      title: "t",
      text: "t",
      channels: ["hook"],
    };
    const history = foldAll(
      [NOON, { kind: "notice-queued", notice }],
      [NOON - 3 * HOUR, set(-3 * HOUR)],
    );

    expect(history.outbox[0]?.waiting[0]?.dueAt).toBe(NOON - 3 * HOUR);
  });

  it("is not known of more than the last hundred times", () => {
    const sets = Array.from({ length: 120 }, (_, n) => [n * MINUTE, set(n)] as const);

    const { clockSets = [] } = foldAll(...sets);

    expect([clockSets.length, clockSets.at(-1)?.byMs]).toEqual([100, 119]);
  });
});

describe("the time that passed", () => {
  // By how much the clock was set after ten minutes, what passed at least, and at most, an hour of its new time later
  it.each([
    [0, 70 * MINUTE, 70 * MINUTE],
    [3 * HOUR, 70 * MINUTE, 70 * MINUTE + 3 * HOUR],
    [-3 * HOUR, 70 * MINUTE - 3 * HOUR, 70 * MINUTE],
  ])("when the clock was set by %d ms meanwhile is told from both sides", (byMs, least, most) => {
    const at = NOON + 10 * MINUTE + byMs;
    const history = { clockSets: byMs === 0 ? [] : [{ at, byMs }] };
    const now = at + HOUR;

    expect([elapsedSince(history, NOON, now), elapsedAtMost(history, NOON, now)]).toEqual([
      least,
      most,
    ]);
  });

  it("is not touched by a setting before it began", () => {
    const history = {
      clockSets: [
        { at: NOON - HOUR, byMs: 9 * HOUR },
        { at: NOON - HOUR, byMs: -HOUR / 2 },
      ],
    };

    expect(elapsedSince(history, NOON, NOON + HOUR)).toBe(HOUR);
    expect(elapsedAtMost(history, NOON, NOON + HOUR)).toBe(HOUR);
  });
});
