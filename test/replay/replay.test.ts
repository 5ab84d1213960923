import { describe, expect, it } from "vitest";
import { replayWatching } from "../../src/app/replay-setup.ts";
import { PolicySettings } from "../../src/decide/policy.ts";
import type { Recorded } from "../../src/model/recording.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import { createReplay } from "../../src/replay/replay.ts";
import { aChange, anIdentity, aRule, greenControls, NOON } from "../support/builders.ts";

const AUTO = PolicySettings.parse({
  triggers: { "system-down": { mode: "auto" }, "slow-responses": { mode: "auto" } },
});
const HEALTH = aRule({ service: "api" });

function replayOf(events: readonly Recorded[], rules: readonly SignalRule[] = [HEALTH]) {
  const setup = {
    rules,
    asking: new Set<string>(),
    policy: AUTO,
    work: [{ name: "api", work: "transactional", boot: 10_000 }] as const,
  };
  const replay = createReplay(setup, replayWatching(setup));
  for (const event of events) {
    replay.take(event);
  }
  return replay.incidents();
}

/** Samples of `health` every two seconds, one for each letter: `g` good, `b` bad. */
function samples(letters: string, from = NOON, signal = "health"): readonly Recorded[] {
  return Array.from(letters).map((letter, tick) => ({
    kind: "sample",
    signal,
    at: from + tick * 2000,
    tookMs: 3,
    value: letter === "b" ? 1 : 0,
  }));
}

const GREEN: Recorded = {
  kind: "controls",
  at: NOON - 10_000,
  controls: greenControls().map(({ name, state }) => ({ name, state })),
};
const BEFORE: Recorded = { kind: "identity", at: NOON - 10_000, identity: anIdentity() };
const DEPLOYED: Recorded = { kind: "change", at: NOON - 3000, change: aChange() };

describe("a replay", () => {
  it("finds nothing in good samples", () => {
    expect(replayOf([GREEN, BEFORE, DEPLOYED, ...samples("gggggggg")])).toEqual([]);
  });

  it("says when a breach would have been proven, by which signal, and rolls back to the release before", () => {
    const [incident] = replayOf([GREEN, BEFORE, DEPLOYED, ...samples("bbbbbbb")]);

    expect(incident).toMatchObject({
      trigger: "system-down",
      since: NOON,
      provenAt: NOON + 4003,
      signals: ["health"],
      cause: "release",
      clearedAt: null,
    });
    expect(incident?.decisions.map(({ kind, blocked }) => ({ kind, blocked }))).toEqual([
      { kind: "roll-back", blocked: [] },
    ]);
  });

  it("waits with the decision until the controls could have answered, and then believes them", () => {
    const red: Recorded = {
      kind: "controls",
      at: NOON + 5000,
      controls: [{ name: "database", state: "red" }],
    };
    const bad = samples("bbbbbb");

    const [incident] = replayOf([
      GREEN,
      BEFORE,
      DEPLOYED,
      ...bad.slice(0, 3),
      red,
      ...bad.slice(3),
    ]);

    expect(incident?.cause).toBe("database");
    expect(incident?.decisions.map((one) => one.kind)).toEqual(["hold"]);
  });

  it("restarts where nothing was changed", () => {
    const [incident] = replayOf([GREEN, BEFORE, ...samples("gbbbbbb")]);

    expect(incident?.cause).toBe("unknown");
    expect(incident?.decisions.map((one) => one.kind)).toEqual(["restart"]);
  });

  it("closes an incident when its signals are ok again, and counts what it did against the next", () => {
    const events = [GREEN, BEFORE, DEPLOYED, ...samples("bbbbbbggggggbbbbbb")];

    const incidents = replayOf(events);

    expect(incidents.map((one) => one.clearedAt)).toEqual([NOON + 14_003, null]);
    expect(incidents[1]?.decisions.map((one) => one.kind)).toEqual(["recommend"]);
    expect(incidents[1]?.decisions[0]?.blocked).toContain("cooldown");
  });

  it("makes the graver trigger the incident's own", () => {
    const slow = aRule({ name: "slow", trigger: "slow-responses" });
    const both = [...samples("bbbbbbbbbb", NOON, "slow"), ...samples("bbbb", NOON + 12_001)];
    const events = both.toSorted((one, other) => one.at - other.at);

    const incidents = replayOf([GREEN, BEFORE, ...events], [HEALTH, slow]);

    expect(incidents.map(({ trigger, signals }) => ({ trigger, signals }))).toEqual([
      { trigger: "system-down", signals: ["slow", "health"] },
    ]);
  });

  it("names the incident by what explains the others, also within one tier", () => {
    const late = aRule({ name: "late", trigger: "database-connection" });
    const both = [...samples("bbbbbbbbbb", NOON, "late"), ...samples("bbbb", NOON + 12_001)];
    const events = both.toSorted((one, other) => one.at - other.at);

    const incidents = replayOf([GREEN, BEFORE, ...events], [HEALTH, late]);

    expect(incidents.map(({ trigger, signals }) => ({ trigger, signals }))).toEqual([
      { trigger: "system-down", signals: ["late", "health"] },
    ]);
  });

  it("takes the stop by a person for a wish", () => {
    const stopped: Recorded = {
      kind: "services",
      at: NOON - 1000,
      services: [
        {
          name: "api",
          instances: [{ status: "stopped", restarts: 0, startedAt: 0, autorestart: true }],
        },
      ],
    };

    expect(replayOf([GREEN, BEFORE, DEPLOYED, stopped, ...samples("bbbbbbb")])).toEqual([]);
  });

  it("begins anew where rollwatch itself stood still", () => {
    const bad = samples("bbbb");
    const still: Recorded = { kind: "stood-still", at: NOON + 3000, ms: 2000 };

    const events = [GREEN, BEFORE, DEPLOYED, ...bad.slice(0, 2), still, ...bad.slice(2)];

    expect(replayOf(events)).toEqual([]);
    expect(replayOf(events.filter((one) => one !== still))).toHaveLength(1);
  });

  it("moves what it remembers along with a clock that was set", () => {
    const hour = 3_600_000;
    const bad = samples("gbbbbbbbbbb").map((one) =>
      one.at > NOON + 8000 ? { ...one, at: one.at + hour } : one,
    );
    const set: Recorded = { kind: "clock-set", at: NOON + 9000 + hour, byMs: hour };

    const events = [GREEN, BEFORE, DEPLOYED, ...bad.slice(0, 5), set, ...bad.slice(5)];
    const [incident, ...others] = replayOf(events);

    expect(others).toEqual([]);
    expect(incident?.since).toBe(NOON + 2000);
  });

  it("asks a person where the schema that was there before was never recorded", () => {
    const [incident] = replayOf([GREEN, DEPLOYED, ...samples("bbbbbbb")]);

    expect(incident?.decisions.at(-1)?.blocked).toContain("schema-unchanged");
  });
});
