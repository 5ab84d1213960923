import { describe, expect, it } from "vitest";
import { measureDrain } from "../../bench/delivery/drain.ts";
import { firstOf } from "../../bench/delivery/first.ts";
import { deliveryTables } from "../../bench/delivery/table.ts";
import { parseWish } from "../../bench/wish.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { withTempFolder } from "../support/temp.ts";

const DECIDED: Fact = {
  kind: "decided",
  incident: "inc-1",
  decision: {
    kind: "roll-back",
    at: 0,
    reason: "all guards allow it",
    guards: [],
    action: "roll-back",
    target: "rel-1",
  },
};

function delivered(channel: string): Fact {
  return { kind: "notice-delivered", notice: "ntc-1", channel };
}

function entriesOf(...facts: readonly Fact[]): readonly Entry[] {
  return facts.map((fact, place) => ({ seq: place + 1, at: 1000 + 100 * place, fact }));
}

function aDrain(tookMs: number) {
  return { tookMs, queueMs: [1, 2, 9] };
}

describe("the first notice", () => {
  it("is that of the decision which another process has taken, not what a log says", () => {
    const entries = entriesOf(
      delivered("early"),
      DECIDED,
      delivered("log"),
      delivered("webhook"),
      delivered("webhook"),
    );

    expect(firstOf(entries)).toBe(200);
  });

  it("is none when nobody was told", () => {
    expect(() => firstOf(entriesOf(delivered("webhook"), DECIDED))).toThrow("nobody was told");
  });
});

describe("an outbox that is emptied", () => {
  it.each([false, true])(
    "has everything delivered by the living channels (a dead one beside: %s)",
    async (withDead) => {
      await withTempFolder(async (folder) => {
        const { queueMs, tookMs } = await measureDrain(folder, 5, withDead);

        expect(queueMs).toHaveLength(5);
        expect(tookMs).toBeGreaterThan(0);
      });
    },
  );

  it("is told with the ratio that a dead channel makes, and what was aimed at", () => {
    const drains = [{ alone: aDrain(10_000), besideDead: aDrain(11_000) }];

    const text = deliveryTables({
      drains,
      firsts: [300],
      notices: 10,
      load: { drains: 1, firsts: 1 },
    });

    expect(text).toContain("| 10 notices by four channels | 10.0 s | 10.0 s |");
    expect(text).toContain("1.10x");
    expect(text).not.toContain("MISSED");
  });

  it("says so when an aim is missed", () => {
    const drains = [{ alone: aDrain(10_000), besideDead: aDrain(21_000) }];

    const text = deliveryTables({
      drains,
      firsts: [1300],
      notices: 10,
      load: { drains: 1, firsts: 1 },
    });

    expect(text).toContain("slows the others by less than a quarter: MISSED (2.10x)");
    expect(text).toContain("First told within 1 s at the median: MISSED.");
  });

  it("is measured in three rounds unless it is said otherwise", () => {
    expect(parseWish(["delivery"])).toEqual({ kind: "delivery", rounds: 3 });
  });
});
