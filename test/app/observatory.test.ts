import { describe, expect, it } from "vitest";
import { openObservatory, type Observatory } from "../../src/app/observatory.ts";
import { openRelative } from "../../src/app/relative.ts";
import { PolicySettings } from "../../src/decide/policy.ts";
import type { Change } from "../../src/model/identity.ts";
import type { Sample } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import type { TimeEvent } from "../../src/observe/time-watch.ts";
import { aChange, aRule, aService, NOON } from "../support/builders.ts";
import { aSample } from "../support/daemon.ts";

const RULES = [aRule({ name: "health", service: "api" }), aRule({ name: "services" })];

/** Bad samples of `health`, two seconds apart from noon. */
function suffer(observatory: Observatory, count: number): void {
  for (let sample = 0; sample < count; sample += 1) {
    observatory.receive(aSample("health", NOON + sample * 2000, 1));
  }
}

describe("the observatory", () => {
  it("is complete when every signal was sampled", () => {
    const observatory = openObservatory(RULES);

    observatory.receive(aSample("health", NOON, 0));
    const early = observatory.isComplete();
    observatory.receive(aSample("services", NOON, 0));

    expect([early, observatory.isComplete()]).toEqual([false, true]);
  });

  it("ignores a sample of a signal that it does not know", () => {
    const observatory = openObservatory(RULES);

    observatory.receive(aSample("of an earlier configuration", NOON, 1));

    expect(observatory.signals(NOON, []).map((one) => one.name)).toEqual(["health", "services"]);
  });

  it("says `no-data` of a service that a person stopped, and judges it afresh when it is started", () => {
    const observatory = openObservatory(RULES);
    const stopped = [aService("api", { status: "stopped", pid: 0 })];
    suffer(observatory, 2);

    const [during] = observatory.signals(NOON + 3000, stopped);
    observatory.receive(aSample("health", NOON + 4000, 1));
    observatory.signals(NOON + 5000, [aService("api")]);
    observatory.receive(aSample("health", NOON + 6000, 1));
    const [after] = observatory.signals(NOON + 6000, [aService("api")]);

    expect(during?.state).toBe("no-data");
    expect(after?.badWindows).toBe(1);
  });

  it("says nothing else of the other services' signals", () => {
    const observatory = openObservatory(RULES);
    observatory.receive(aSample("services", NOON, 0));

    const stopped = [aService("api", { status: "stopped", pid: 0 })];

    expect(observatory.signals(NOON, stopped)[1]?.state).toBe("ok");
  });

  it.each([
    // The run began before anybody can have changed anything: it says nothing of the new release.
    ["before", NOON + 1000, 0],
    // It began while the change was under way, so it may be its doing.
    ["while", NOON - 1000, 2],
  ] as const)("cuts a run of bad samples that began %s the change", (_when, after, badWindows) => {
    const observatory = openObservatory(RULES);
    suffer(observatory, 2);

    observatory.cut(aChange({ after, at: NOON + 3000 }));

    expect(observatory.signals(NOON + 3000, [])[0]?.badWindows).toBe(badWindows);
  });

  it("tells each sample to its listeners until they stop", () => {
    const observatory = openObservatory(RULES);
    const heard: Sample[] = [];
    const stop = observatory.onSample((sample) => heard.push(sample));

    suffer(observatory, 1);
    stop();
    suffer(observatory, 2);

    expect(heard).toHaveLength(1);
  });
});

/** Samples with these values, half a second apart from noon; how soon the next one is wanted after each. */
function pacesAfter(
  rules: readonly SignalRule[],
  ...values: readonly number[]
): readonly unknown[] {
  const observatory = openObservatory(rules);
  return values.map((value, place) => {
    observatory.receive(aSample("health", NOON + place * 500, value));
    return observatory.againMs("health");
  });
}

describe("a signal that is confirmed faster", () => {
  const HURRIED = [aRule({ name: "health", confirm: { everyMs: 500, overMs: 2000 } })];

  it("is doubted from its first bad sample until it is a breach, which takes its least time", () => {
    expect(pacesAfter(HURRIED, 0, 1, 1, 1, 1, 1)).toEqual([
      undefined,
      500,
      500,
      500,
      500,
      undefined,
    ]);
  });

  it("is doubted until it is good", () => {
    expect(pacesAfter(HURRIED, 1, 1, 0)).toEqual([500, 500, undefined]);
  });

  it("is not hurried where nobody asked for it", () => {
    expect(pacesAfter(RULES, 1, 1)).toEqual([undefined, undefined]);
  });
});

/** What the time watch will tell at the next look. */
function aTime(): { readonly events: TimeEvent[]; readonly look: () => readonly TimeEvent[] } {
  const events: TimeEvent[] = [];
  return { events, look: () => events.splice(0) };
}

describe("a time that does not go by as it should", () => {
  it("ends a run of bad samples when rollwatch stood still", () => {
    const time = aTime();
    const observatory = openObservatory(RULES, { time });
    suffer(observatory, 2);

    time.events.push({ kind: "stood-still", ms: 60_000 });
    observatory.receive(aSample("health", NOON + 4000, 1));

    expect(observatory.signals(NOON + 4000, [])[0]).toMatchObject({ badWindows: 1 });
  });

  it.each([7_200_000, -7_200_000])(
    "neither makes nor ends a breach when the clock is set by %d ms",
    (byMs) => {
      const time = aTime();
      const healthy = openObservatory(RULES, { time });
      healthy.receive(aSample("health", NOON, 0));
      time.events.push({ kind: "clock-set", byMs });
      healthy.receive(aSample("health", NOON + byMs + 2000, 1));
      const [well] = healthy.signals(NOON + byMs + 2000, []);
      const sick = openObservatory(RULES, { time });
      suffer(sick, 3);
      time.events.push({ kind: "clock-set", byMs });
      const [doubtful] = sick.signals(NOON + byMs + 5000, []);
      sick.receive(aSample("health", NOON + byMs + 6000, 0));
      const [unended] = sick.signals(NOON + byMs + 6000, []);
      sick.receive(aSample("health", NOON + byMs + 8000, 1));
      const [again] = sick.signals(NOON + byMs + 8000, []);

      expect(well?.state).not.toBe("breach");
      expect(doubtful?.state).toBe("too-few-samples");
      expect(unended?.state).toBe("too-few-samples");
      // bad again: it never ended, and began when it did
      expect(again).toMatchObject({ state: "breach", firstBadAt: NOON + byMs });
    },
  );
});

describe("a signal with a relative limit", () => {
  it("is quiet until something is changed, and then judged by what it was before", () => {
    const rules = [aRule({ name: "health", baseline: { rise: 0.25, by: 0.05 } })];
    const changes: Change[] = [];
    const clock = { now: () => NOON };
    const journal = { history: () => ({ changes }) };
    const policy = PolicySettings.parse({});
    const relative = openRelative({ rules, policy, journal, clock });
    const observatory = openObservatory(rules, { relative });
    for (let sample = 100; sample > 0; sample -= 1) {
      observatory.receive(aSample("health", NOON - sample * 2000, 1));
    }
    const [before] = observatory.signals(NOON, []);

    changes.push(aChange({ at: NOON, ...relative.before() }));
    suffer(observatory, 3);
    const [asBefore] = observatory.signals(NOON + 4000, []);
    for (const late of [6000, 8000, 10_000]) {
      observatory.receive(aSample("health", NOON + late, 1.3));
    }
    const [slower] = observatory.signals(NOON + 10_000, []);

    expect(before).toMatchObject({ state: "too-few-samples", quiet: true });
    expect(asBefore).toMatchObject({ state: "ok", limit: expect.closeTo(1.25, 1) });
    expect(slower?.state).toBe("breach");
  });
});
