import { describe, expect, it } from "vitest";
import { signalAt } from "../../src/judge/signal-at.ts";
import { cut, remember, type SignalMemory } from "../../src/judge/windows.ts";
import type { Reading, Sample } from "../../src/model/sample.ts";
import type { Signal, SignalRule } from "../../src/model/signal.ts";
import { aRule, NOON } from "../support/builders.ts";

/** `b` bad, `g` good, `a` absent, `.` no sample; one character per interval of two seconds. */
function reading(mark: string): Reading | undefined {
  switch (mark) {
    case "b":
      return { kind: "measured", value: 1, detail: "refused" };
    case "g":
      return { kind: "measured", value: 0, detail: "HTTP 200" };
    case "a":
      return { kind: "absent", reason: "throttled", detail: "429" };
    default:
      return undefined;
  }
}

function samplesOf(marks: string, from = NOON): readonly Sample[] {
  return marks.split("").flatMap((mark, index) => {
    const one = reading(mark);
    const at = from + index * 2000;
    return one === undefined ? [] : [{ signal: "health", at, tookMs: 0, reading: one }];
  });
}

function memoryOf(
  rule: SignalRule,
  marks: string,
  before?: SignalMemory,
): SignalMemory | undefined {
  let memory = before;
  for (const sample of samplesOf(marks, before === undefined ? NOON : before.newestAt + 2000)) {
    memory = remember(rule, memory, sample);
  }
  return memory;
}

function memoryAt(rule: SignalRule, offsets: readonly number[]): SignalMemory | undefined {
  let memory: SignalMemory | undefined;
  for (const offset of offsets) {
    const bad = { kind: "measured", value: 1, detail: "refused" } as const;
    const sample = { signal: "health", at: NOON + offset, tookMs: 10, reading: bad };
    memory = remember(rule, memory, sample);
  }
  return memory;
}

function ask(rule: SignalRule, memory: SignalMemory | undefined, stoppedByPerson = false): Signal {
  const now = memory?.endedAt ?? NOON;
  return signalAt(rule, memory, { now, stoppedByPerson });
}

describe("windows of one sample", () => {
  it.each([
    // The crash of a service has brought a sample forward: three bad ones lie in two seconds, as if they were two.
    { offsets: [-100, 0, 2000], state: "too-few-samples" },
    { offsets: [0, 2000, 2100], state: "too-few-samples" },
    { offsets: [-100, 0, 2000, 4000], state: "breach" },
    { offsets: [0, 2000, 2100, 4100], state: "breach" },
    // Three at their own times are enough, also when one began a little late.
    { offsets: [0, 2000, 4000], state: "breach" },
    { offsets: [150, 2000, 4000], state: "breach" },
  ])("are not proven bad sooner by a wake-up: $offsets", ({ offsets, state }) => {
    const rule = aRule({ intervalMs: 2000, breachAfter: 3 });

    expect(memoryAt(rule, offsets)?.state).toBe(state);
  });

  it.each([
    // one bad sample says nothing about a signal of which nothing is known
    ["b", "too-few-samples"],
    ["g", "ok"],
    // two of three keep the good name
    ["gbb", "ok"],
    ["gbbb", "breach"],
    ["bbb", "breach"],
    // a good one in between starts the count again
    ["gbbgbb", "ok"],
    // so does an absent one, and nobody knows anything then
    ["gbbabb", "too-few-samples"],
    ["gbba", "probe-error"],
    // one good sample does not end a breach, two do
    ["bbbg", "breach"],
    ["bbbgg", "ok"],
    ["bbbgbg", "breach"],
    // absent readings neither prolong nor end a breach
    ["bbba", "probe-error"],
    ["bbbag", "too-few-samples"],
    ["bbbagg", "ok"],
    ["bbbab", "breach"],
    // two intervals without a sample are still no gap, seven are
    ["bb..b", "breach"],
    ["bb.......b", "too-few-samples"],
  ])("%s is %s", (marks, expected) => {
    const rule = aRule();

    const signal = ask(rule, memoryOf(rule, marks));

    expect(signal.state).toBe(expected);
  });

  it("tells the first bad sample and when the breach was proven", () => {
    const rule = aRule();

    const signal = ask(rule, memoryOf(rule, "ggbbbb"));

    expect(signal).toMatchObject({
      state: "breach",
      firstBadAt: NOON + 4000,
      since: NOON + 8000,
      badWindows: 4,
      value: 1,
    });
  });

  it("keeps the first bad sample of a breach that returns after silence", () => {
    const rule = aRule();

    const signal = ask(rule, memoryOf(rule, "bbbaab"));

    expect(signal).toMatchObject({ state: "breach", firstBadAt: NOON });
  });

  it("ignores duplicates and samples out of order", () => {
    const rule = aRule();
    const memory = memoryOf(rule, "gbb");
    const [first, , last] = samplesOf("gbb");

    const again = [last, first].reduce(
      (held, one) => (one === undefined ? held : remember(rule, held, one)),
      memory,
    );

    expect(again).toEqual(memory);
  });

  it("begins anew when the clock was set back by more than a signal's age", () => {
    const rule = aRule();
    const memory = memoryOf(rule, "bbb");
    const [sample] = samplesOf("g", NOON - 3_600_000);

    const signal = sample && ask(rule, remember(rule, memory, sample));

    expect(signal).toMatchObject({ state: "ok", badWindows: 0 });
  });
});

describe("windows of a span", () => {
  const rule = aRule({ window: { kind: "span", ms: 10_000 }, minSamples: 3, breachAfter: 2 });

  it.each([
    // a window speaks when the first sample of the next one arrives
    ["bbbbb", "too-few-samples"],
    ["gbbbb|g", "ok"],
    ["bbbbb|bbbbb|b", "breach"],
    // one good sample makes the whole window good
    ["bbbbb|bbgbb|b", "ok"],
    // three of five are enough, two are not
    ["b.b.b|bbb..|b", "breach"],
    ["b.b..|bbbbb|b", "too-few-samples"],
    // absent readings only thin a window out
    ["aabbb|bbbbb|b", "breach"],
    ["aaabb|b", "probe-error"],
  ])("%s is %s", (marks, expected) => {
    const signal = ask(rule, memoryOf(rule, marks.replaceAll("|", "")));

    expect(signal.state).toBe(expected);
  });

  it("counts a span without any sample as one without an answer", () => {
    const patient = { ...rule, staleAfterMs: 60_000 };

    const signal = ask(patient, memoryOf(patient, "bbbbb.....bbbbbb"));

    expect(signal).toMatchObject({ state: "too-few-samples", badWindows: 1 });
  });
});

describe("a cut at a release change", () => {
  it("drops the streak, so that no breach rests on two releases", () => {
    const rule = aRule();
    const before = memoryOf(rule, "gbb");

    const signal = ask(rule, before && memoryOf(rule, "bb", cut(before)));

    expect(signal).toMatchObject({
      state: "too-few-samples",
      badWindows: 2,
      firstBadAt: NOON + 6000,
    });
  });

  it("drops the unfinished span", () => {
    const rule = aRule({ window: { kind: "span", ms: 10_000 }, minSamples: 3, breachAfter: 1 });
    const before = memoryOf(rule, "bbb");

    const after = before && memoryOf(rule, "bbb", cut(before));

    expect(ask(rule, after).state).toBe("too-few-samples");
  });

  it("keeps the first bad sample of a breach that was there before", () => {
    const rule = aRule();
    const before = memoryOf(rule, "bbb");

    const signal = ask(rule, before && memoryOf(rule, "b", cut(before)));

    expect(signal).toMatchObject({ state: "breach", firstBadAt: NOON });
  });
});

describe("a signal at the moment of asking", () => {
  const rule = aRule({ service: "api" });

  it("has no data before the first sample", () => {
    expect(ask(rule, undefined).state).toBe("no-data");
  });

  it("has no data while a person has the service stopped, whatever was measured", () => {
    const signal = ask(rule, memoryOf(rule, "bbb"), true);

    expect(signal).toMatchObject({
      state: "no-data",
      badWindows: 0,
      reason: "a person stopped api",
    });
  });

  it("forgets what was measured while a person had it stopped", () => {
    const [one, two] = samplesOf("bb", NOON + 6000);
    const stopped = one && remember(rule, memoryOf(rule, "bbb"), one, true);

    const signal = two && ask(rule, remember(rule, stopped, two));

    expect(signal).toMatchObject({ state: "too-few-samples", badWindows: 1 });
  });

  it("is stale when the newest sample is too old, and not a moment sooner", () => {
    const memory = memoryOf(rule, "bbb");
    const last = NOON + 4000;

    const states = [10_000, 10_001].map(
      (age) => signalAt(rule, memory, { now: last + age, stoppedByPerson: false }).state,
    );

    expect(states).toEqual(["breach", "stale"]);
  });

  it("is stale when the samples are of the future", () => {
    const memory = memoryOf(rule, "bbb");

    const signal = signalAt(rule, memory, { now: NOON - 60_000, stoppedByPerson: false });

    expect(signal).toMatchObject({ state: "stale", badWindows: 0 });
  });
});
