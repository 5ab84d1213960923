import { describe, expect, it } from "vitest";
import { recordOf } from "../../src/decide/record.ts";
import type { Decision, GuardAnswer } from "../../src/model/decision.ts";
import type { Incident } from "../../src/model/history.ts";
import { aHistory, anIncident, aPlan, aRecovery, NOON } from "../support/builders.ts";

const MUTED: GuardAnswer = { guard: "mode", answer: "block", atMost: "hold", reason: "shadow" };
const FINE: GuardAnswer = { guard: "cause", answer: "allow", reason: "the release" };
const RED: GuardAnswer = { guard: "cause", answer: "block", atMost: "hold", reason: "database" };

function decided(...guards: readonly GuardAnswer[]): Decision {
  return {
    kind: "hold",
    at: NOON,
    reason: "",
    guards: [...guards],
    action: "roll-back",
    target: null,
  };
}

function labelled(label: "right" | "wrong", over: Partial<Incident> = {}): Incident {
  return anIncident({ label: { by: "Ada", at: NOON, label }, ...over });
}

function record(incidents: readonly Incident[]) {
  return recordOf(aHistory({ incidents }), () => "shadow").triggers;
}

describe("the record of a trigger", () => {
  it("counts what people said, and leaves out triggers of which nothing is known", () => {
    const incidents = [labelled("right"), labelled("right"), labelled("wrong"), anIncident()];

    expect(record(incidents)).toMatchObject([
      {
        trigger: "system-down",
        mode: "shadow",
        incidents: 4,
        right: 2,
        wrong: 1,
        unlabelled: 1,
        missed: 0,
        precision: 2 / 3,
        recall: 1,
      },
    ]);
  });

  it("counts a fault that a person reported and no probe saw as missed, and no other report", () => {
    const reported = { by: "Ada", reason: "it is down" };
    const incidents = [
      labelled("right"),
      anIncident({ reported, signals: [] }),
      anIncident({ reported, signals: ["health"] }),
    ];

    expect(record(incidents)).toMatchObject([{ incidents: 1, missed: 1, recall: 0.5 }]);
  });

  it("says nothing of shares that nobody labelled", () => {
    expect(record([anIncident()])).toMatchObject([{ precision: null, recall: null }]);
  });

  it("counts what would have been done but for the mode", () => {
    const incidents = [
      anIncident({ decisions: [decided(MUTED, FINE)] }),
      anIncident({ decisions: [decided(MUTED, RED)] }),
      anIncident({ decisions: [{ ...decided(FINE), kind: "roll-back" }] }),
    ];

    expect(record(incidents)).toMatchObject([{ wouldAct: 2 }]);
  });

  it("tells the median times to the proven breach and to the proven recovery", () => {
    const incidents = [3000, 5000, 40_000].map((ms, number) =>
      anIncident({ id: `inc-${number}`, openedAt: NOON + ms }),
    );
    const recovery = aRecovery(NOON + 60_000, {
      plan: aPlan({ incident: "inc-1" }),
      verification: { result: "proven", at: NOON + 60_000, checks: [] },
    });
    const history = aHistory({ incidents, recoveries: [recovery] });

    expect(recordOf(history, () => "auto").triggers).toMatchObject([
      { detectSeconds: 5, recoverSeconds: 60 },
    ]);
  });
});
