import { describe, expect, it } from "vitest";
import { progress, type Look, type Progress } from "../../src/verify/progress.ts";
import { aBreachedSignal, aSignal } from "../support/builders.ts";

const TIMES = { steadyMs: 10_000, deadline: 120_000 };
const PASSED = { name: "pid", passed: true, detail: "new process" };
const FAILED = { name: "pid", passed: false, detail: "old process" };
const TOLD = { name: "memory of api", passed: false, detail: "more", weight: "tell" } as const;
const UNMEASURED = { name: "websocket", passed: false, detail: "no route", unmeasured: true };
const QUIET = aSignal({ state: "too-few-samples", quiet: true });
const PENDING = { ...aSignal({ state: "too-few-samples" }), isPending: true };

function look(now: number, over: Partial<Look> = {}): Look {
  return {
    now,
    signals: [aSignal()],
    identity: { kind: "answered", checks: [PASSED] },
    health: [],
    ...over,
  };
}

function resultOf(next: Progress): string {
  return next.kind === "decided" ? next.verification.result : "waiting";
}

describe("the proof of a restored system", () => {
  it("begins with the first fine look", () => {
    expect(progress(null, look(1000), TIMES)).toEqual({ kind: "waiting", okSince: 1000 });
  });

  it("is given as soon as everything was fine for long enough, and not a moment sooner", () => {
    const results = [10_999, 11_000].map((now) => resultOf(progress(1000, look(now), TIMES)));

    expect(results).toEqual(["waiting", "proven"]);
  });

  it.each<[string, Partial<Look>]>([
    ["a signal that nobody's traffic feeds", { signals: [aSignal(), QUIET] }],
    ["a failed check that is only told", { health: [PASSED, TOLD] }],
  ])("is given beside %s", (_what, over) => {
    expect(resultOf(progress(1000, look(11_000, over), TIMES))).toBe("proven");
  });

  it("waits for a signal whose first window is open, and does not begin again for it", () => {
    const open = look(11_000, { signals: [aSignal(), PENDING] });

    expect(progress(1000, open, TIMES)).toEqual({ kind: "waiting", okSince: 1000 });
    expect(resultOf(progress(1000, look(11_500), TIMES))).toBe("proven");
  });

  it.each<[string, Partial<Look>]>([
    ["a signal in breach", { signals: [aBreachedSignal()] }],
    ["a signal with one bad window", { signals: [aSignal({ badWindows: 1 })] }],
    ["a signal without data", { signals: [aSignal(), aSignal({ state: "no-data" })] }],
    ["a signal with too few samples", { signals: [aSignal({ state: "too-few-samples" })] }],
    ["no signal at all", { signals: [] }],
    ["a failed health check", { health: [FAILED] }],
    ["health that could not be measured", { health: [UNMEASURED] }],
    ["a failed check", { identity: { kind: "answered", checks: [PASSED, FAILED] } }],
    [
      "checks that could not be asked",
      { identity: { kind: "unanswered", reason: "pm2 is silent" } },
    ],
  ])("begins again after %s", (_what, over) => {
    expect(progress(1000, look(11_000, over), TIMES)).toEqual({ kind: "waiting", okSince: null });
  });

  it.each<[string, Partial<Look>, string]>([
    ["a breach", { signals: [aBreachedSignal()] }, "not-proven"],
    ["a failed check", { identity: { kind: "answered", checks: [FAILED] } }, "not-proven"],
    [
      "a failed check beside a blind signal",
      { signals: [aSignal({ state: "stale" })], identity: { kind: "answered", checks: [FAILED] } },
      "not-proven",
    ],
    ["a signal without data", { signals: [aSignal({ state: "no-data" })] }, "unknown"],
    ["a probe error", { signals: [aSignal({ state: "probe-error" })] }, "unknown"],
    ["silent checks", { identity: { kind: "unanswered", reason: "pm2 is silent" } }, "unknown"],
    ["everything fine, but not for long enough", {}, "unknown"],
    ["a failed health check", { health: [FAILED] }, "not-proven"],
    ["health that could not be measured", { health: [UNMEASURED] }, "unknown"],
    ["nothing worse than what is told", { health: [TOLD] }, "unknown"],
    ["a window still open", { signals: [PENDING] }, "unknown"],
  ])("is over at the deadline with %s", (_what, over, result) => {
    expect(resultOf(progress(119_000, look(120_000, over), TIMES))).toBe(result);
  });

  it("is still given at the deadline when everything was fine for long enough", () => {
    expect(resultOf(progress(110_000, look(120_000), TIMES))).toBe("proven");
  });

  it("keeps every question with its answer", () => {
    const seen = { signals: [aBreachedSignal()], health: [TOLD] };
    const next = progress(null, look(120_000, seen), TIMES);

    expect(next).toMatchObject({
      verification: {
        checks: [
          { name: "signal health", passed: false, detail: "breach: connection refused" },
          PASSED,
          TOLD,
          { name: "steady", passed: false },
        ],
      },
    });
  });
});
