import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyHistory, fold } from "../../src/journal/fold.ts";
import { Fact } from "../../src/model/facts.ts";
import {
  openIncident,
  openRecovery,
  waitingRecovery,
  type History,
} from "../../src/model/history.ts";
import { anyFact, entriesOf } from "./arbitrary-facts.ts";

function foldAll(facts: readonly Fact[], from: History = emptyHistory, skip = 0): History {
  let history = from;
  for (const entry of entriesOf(facts).slice(skip)) {
    history = fold(history, entry);
  }
  return history;
}

function aPlan(id: string, incident = "i1"): Fact {
  return {
    kind: "planned",
    plan: {
      id,
      incident,
      scope: "application",
      target: "r1",
      from: {},
      createdAt: 0,
      deadline: 1,
      configHash: "h",
      requestedBy: "policy",
      steps: [],
    },
  };
}

function anIncident(incident: string): Extract<Fact, { kind: "incident-opened" }> {
  return {
    kind: "incident-opened",
    incident,
    trigger: "system-down",
    tier: "immediate",
    mode: "auto",
    since: 3,
    signals: ["down"],
  };
}

function aNotice(id: string, channels: string[]): Fact {
  return {
    kind: "notice-queued",
    notice: {
      id,
      dedupKey: `key-${id}`,
      at: 0,
      reason: "held",
      urgency: "tell",
      incident: null,
      title: "t",
      text: "t",
      channels,
    },
  };
}

describe("any journal", () => {
  it("folds to the same history in one go and in two parts", () => {
    fc.assert(
      fc.property(fc.array(anyFact), fc.nat(50), (facts, cut) => {
        const whole = foldAll(facts);
        const prefix = foldAll(facts.slice(0, cut));

        const inParts = foldAll(facts, prefix, cut);

        expect(inParts).toEqual(whole);
      }),
    );
  });

  it("never changes the history it is folded onto", () => {
    fc.assert(
      fc.property(fc.array(anyFact), anyFact, (facts, next) => {
        const before = foldAll(facts);
        const copy = structuredClone(before);

        fold(before, { seq: 999, at: 9990, fact: next });

        expect(before).toEqual(copy);
      }),
    );
  });

  it("consists of facts that survive being written down and read again", () => {
    fc.assert(
      fc.property(anyFact, (fact) => {
        expect(Fact.parse(JSON.parse(JSON.stringify(fact)))).toEqual(fact);
      }),
    );
  });

  it("keeps a notice in the outbox for exactly the channels that neither have it nor gave it up", () => {
    fc.assert(
      fc.property(
        fc.array(anyFact),
        fc.uniqueArray(fc.constantFrom("log", "hook"), { minLength: 1 }),
        (facts, channels) => {
          const others = facts.filter((fact) => fact.kind !== "notice-queued");
          const all = [aNotice("a", channels), ...others];

          const pending = foldAll(all).outbox.find(({ notice }) => notice.id === "a");

          const settled = new Set(
            others.flatMap((fact) => {
              const isOver =
                fact.kind === "notice-delivered" ||
                (fact.kind === "notice-failed" && fact.retryAt === null);
              return isOver && fact.notice === "a" ? [fact.channel] : [];
            }),
          );
          const waiting = pending?.waiting.map(({ channel }) => channel) ?? [];
          expect(waiting).toEqual(channels.filter((channel) => !settled.has(channel)));
        },
      ),
    );
  });

  it("has a planned recovery open or waiting until it ended, whatever else happens", () => {
    fc.assert(
      fc.property(fc.array(anyFact), (facts) => {
        const others = facts.filter((fact) => fact.kind !== "planned");

        const history = foldAll([aPlan("a"), ...others]);
        const open = openRecovery(history) ?? waitingRecovery(history);

        const hasEnded = others.some((fact) => fact.kind === "recovery-ended" && fact.plan === "a");
        expect(open === undefined).toBe(hasEnded);
      }),
    );
  });

  it("has an incident open until it was closed, whatever else happens", () => {
    fc.assert(
      fc.property(fc.array(anyFact), (facts) => {
        const others = facts.filter((fact) => fact.kind !== "incident-opened");

        const open = openIncident(foldAll([anIncident("a"), ...others]));

        const wasClosed = others.some((fact) => fact.kind === "closed" && fact.incident === "a");
        expect(open === undefined).toBe(wasClosed);
      }),
    );
  });
});

describe("what was deployed", () => {
  it("is what was seen first, then what each change led to", () => {
    const history = foldAll([
      { kind: "identity-seen", identity: { commit: "one" } },
      {
        kind: "change-seen",
        change: {
          after: 11,
          at: 13,
          parts: ["commit"],
          summary: ["one -> two"],
          to: { commit: "two" },
        },
      },
    ]);

    expect(history.identity).toEqual({ value: { commit: "two" }, since: 13 });
    expect(history.changes).toHaveLength(1);
    expect(foldAll([{ kind: "identity-seen", identity: { commit: "one" } }]).identity).toEqual({
      value: { commit: "one" },
      since: 10,
    });
  });

  it("is there since it was first seen, however much more of it can be read later", () => {
    const history = foldAll([
      { kind: "identity-seen", identity: { commit: "one" } },
      { kind: "identity-seen", identity: { commit: "one", schema: "001 (1)" } },
    ]);

    expect(history.identity).toEqual({ value: { commit: "one", schema: "001 (1)" }, since: 10 });
  });

  it("is remembered for the last hundred changes", () => {
    const history = foldAll(
      Array.from({ length: 130 }, (_, n): Fact => ({
        kind: "change-seen",
        change: { after: n, at: n, parts: ["commit"], summary: [], to: { commit: String(n) } },
      })),
    );

    expect(history.changes.map(({ at }) => at)).toEqual(
      Array.from({ length: 100 }, (_, n) => n + 30),
    );
  });
});

describe("releases", () => {
  it("are captured, proven and pruned", () => {
    const captured: readonly Fact[] = [
      { kind: "release-captured", release: "r1", identity: { commit: "one" }, tag: "t1" },
      { kind: "release-captured", release: "r2", identity: {}, tag: null },
      { kind: "release-proven", release: "r1" },
    ];

    expect(foldAll(captured).releases).toEqual([
      { id: "r1", identity: { commit: "one" }, tag: "t1", capturedAt: 10, provenAt: 30 },
      { id: "r2", identity: {}, tag: null, capturedAt: 20 },
    ]);
    expect(
      foldAll([...captured, { kind: "release-pruned", release: "r1" }]).releases.map(
        ({ id }) => id,
      ),
    ).toEqual(["r2"]);
  });
});

describe("a release's baseline", () => {
  it("is the one of its newest proof", () => {
    const baselines = [1, 2].map((at) => ({ at, endpoints: [], tables: [] }));
    const proofs = baselines.map((baseline): Fact => ({
      kind: "release-proven",
      release: "r1",
      baseline,
    }));
    const { releases } = foldAll([
      { kind: "release-captured", release: "r1", identity: {}, tag: null },
      ...proofs,
      { kind: "release-proven", release: "r1" },
    ]);

    expect(releases).toMatchObject([{ provenAt: 40, baseline: baselines[1] }]);
  });
});

describe("an incident", () => {
  it("gathers its judgement, decisions, plans and close", () => {
    const decision = { kind: "roll-back", at: 30, reason: "r", guards: [], target: "r1" } as const;

    const history = foldAll([
      anIncident("i1"),
      { kind: "judged", incident: "i1", cause: "release", evidence: ["a change"] },
      { kind: "decided", incident: "i1", decision: { ...decision, guards: [] } },
      aPlan("p1", "i1"),
      { kind: "closed", incident: "i1", outcome: "rolled-back", reason: "proven" },
    ]);

    expect(history.incidents).toEqual([
      {
        id: "i1",
        trigger: "system-down",
        tier: "immediate",
        mode: "auto",
        since: 3,
        openedAt: 10,
        signals: ["down"],
        cause: "release",
        evidence: ["a change"],
        decisions: [decision],
        plans: ["p1"],
        closed: { at: 50, outcome: "rolled-back", reason: "proven" },
      },
    ]);
  });

  it("that is open outlives a hundred closed ones", () => {
    const closedOnes = Array.from({ length: 130 }, (_, n) => `c${n}`).flatMap(
      (incident): readonly Fact[] => [
        anIncident(incident),
        { kind: "closed", incident, outcome: "held", reason: "r" },
      ],
    );

    const history = foldAll([anIncident("open"), ...closedOnes]);

    expect(openIncident(history)?.id).toBe("open");
    expect(history.incidents).toHaveLength(101);
    expect(history.incidents.at(-1)?.id).toBe("c129");
  });
});

describe("what people do with an incident", () => {
  it("is kept with who and when: a report, a word of having seen it, notes, a label, the close", () => {
    const history = foldAll([
      { ...anIncident("i1"), reported: { by: "Kim", reason: "wrong sums" } },
      { kind: "acknowledged", incident: "i1", by: "Ada" },
      { kind: "noted", incident: "i1", by: "Ada", text: "first" },
      { kind: "noted", incident: "i1", by: "Eve", text: "second" },
      { kind: "labelled", incident: "i1", by: "Eve", label: "wrong" },
      { kind: "labelled", incident: "i1", by: "Ada", label: "right" },
      { kind: "closed", incident: "i1", outcome: "held", reason: "mended", by: "Eve" },
    ]);

    expect(history.incidents[0]).toMatchObject({
      reported: { by: "Kim", reason: "wrong sums" },
      acknowledged: { by: "Ada", at: 20 },
      notes: [
        { by: "Ada", at: 30, text: "first" },
        { by: "Eve", at: 40, text: "second" },
      ],
      label: { by: "Ada", at: 60, label: "right" },
      closed: { at: 70, outcome: "held", reason: "mended", by: "Eve" },
    });
  });

  it("touches no other incident", () => {
    const others = foldAll([anIncident("i1")]).incidents;

    const history = foldAll([
      anIncident("i1"),
      { kind: "acknowledged", incident: "i2", by: "Ada" },
      { kind: "noted", incident: "i2", by: "Ada", text: "t" },
      { kind: "labelled", incident: "i2", by: "Ada", label: "right" },
    ]);

    expect(history.incidents).toEqual(others);
  });

  it("keeps the last two hundred notes", () => {
    const notes = Array.from({ length: 201 }, (_, n): Fact => ({
      kind: "noted",
      incident: "i1",
      by: "Ada",
      text: `${n}`,
    }));

    const kept = foldAll([anIncident("i1"), ...notes]).incidents[0]?.notes;

    expect([kept?.length, kept?.[0]?.text]).toEqual([200, "1"]);
  });

  it("that grows takes the graver trigger with its tier and mode", () => {
    const grown = {
      trigger: "error-rate",
      tier: "fast",
      mode: "shadow",
      signals: ["down", "errors"],
    } as const;

    const history = foldAll([
      anIncident("i1"),
      { kind: "incident-grown", incident: "i1", ...grown, signals: [...grown.signals] },
    ]);

    expect(history.incidents[0]).toMatchObject({ ...grown, since: 3, openedAt: 10 });
  });
});

describe("an approval", () => {
  const asked: Fact = {
    kind: "approval-asked",
    plan: "p1",
    hash: "abc",
    roles: ["database-administrator", "system-administrator"],
    everyRole: true,
    expiresAt: 900,
  };
  const ada: Fact = { kind: "approved", plan: "p1", by: "Ada", role: "database-administrator" };
  const eve: Fact = { kind: "approved", plan: "p1", by: "Eve", role: "system-administrator" };

  it("makes a plan wait until each of the roles has spoken", () => {
    const after = [[asked], [asked, ada], [asked, ada, eve]].map((facts) =>
      foldAll([aPlan("p1"), ...facts]),
    );

    expect(after.map((history) => waitingRecovery(history)?.plan.id)).toEqual([
      "p1",
      "p1",
      undefined,
    ]);
    expect(openRecovery(after[2] ?? emptyHistory)?.approval).toEqual({
      hash: "abc",
      roles: ["database-administrator", "system-administrator"],
      everyRole: true,
      askedAt: 20,
      expiresAt: 900,
      given: [
        { by: "Ada", role: "database-administrator", at: 30 },
        { by: "Eve", role: "system-administrator", at: 40 },
      ],
    });
  });

  it("that was rejected stays rejected, whoever says yes", () => {
    const no: Fact = { kind: "rejected", plan: "p1", by: "Kim", reason: "not now" };

    const history = foldAll([aPlan("p1"), asked, no, ada, eve]);

    expect(openRecovery(history)).toBeUndefined();
    expect(waitingRecovery(history)?.approval?.rejected).toEqual({
      by: "Kim",
      reason: "not now",
      at: 30,
    });
  });

  it("of a plan that waits for nobody changes nothing", () => {
    const history = foldAll([
      aPlan("p1"),
      ada,
      { kind: "rejected", plan: "p1", by: "E", reason: "" },
    ]);

    expect(openRecovery(history)).toEqual(openRecovery(foldAll([aPlan("p1")])));
  });
});

describe("brakes", () => {
  const pause: Fact = { kind: "paused", by: "Ada", reason: "new disk", until: null };
  const maintenance: Fact = {
    kind: "maintenance-started",
    by: "Eve",
    reason: "upgrade",
    until: 500,
  };

  it("are as they were last declared", () => {
    const history = foldAll([pause, maintenance, { ...pause, until: 700 }]);

    expect(history.pause).toEqual({ by: "Ada", reason: "new disk", at: 30, until: 700 });
    expect(history.maintenance).toEqual({ by: "Eve", reason: "upgrade", at: 20, until: 500 });
  });

  it("are taken back one by one", () => {
    const resumed = foldAll([pause, maintenance, { kind: "resumed", by: "Kim" }]);
    const ended = foldAll([pause, maintenance, { kind: "maintenance-ended", by: "Kim" }]);

    expect([resumed.pause, resumed.maintenance?.by]).toEqual([undefined, "Eve"]);
    expect([ended.pause?.by, ended.maintenance]).toEqual(["Ada", undefined]);
  });
});

describe("a recovery", () => {
  it("keeps attempts and every beginning of a step; one that a crash cut short has no outcome", () => {
    const history = foldAll([
      aPlan("p1"),
      { kind: "recovery-started", plan: "p1" },
      { kind: "step-started", plan: "p1", step: "stage" },
      { kind: "step-finished", plan: "p1", step: "stage", outcome: { kind: "done", detail: "d" } },
      { kind: "step-started", plan: "p1", step: "switch" },
      { kind: "recovery-started", plan: "p1" },
      { kind: "step-started", plan: "p1", step: "switch" },
    ]);

    expect(openRecovery(history)).toMatchObject({
      plannedAt: 10,
      attempts: [20, 60],
      steps: [
        { step: "stage", startedAt: 30, finishedAt: 40, outcome: { kind: "done", detail: "d" } },
        { step: "switch", attempt: 1, startedAt: 50 },
        { step: "switch", attempt: 2, startedAt: 70 },
      ],
    });
    expect(openRecovery(history)?.steps[2]).toEqual({ step: "switch", attempt: 2, startedAt: 70 });
  });

  it("counts the failures of a step that was tried again", () => {
    const failed: Fact = {
      kind: "step-finished",
      plan: "p1",
      step: "switch",
      outcome: { kind: "failed", detail: "busy" },
    };
    const begun: Fact = { kind: "step-started", plan: "p1", step: "switch" };

    const history = foldAll([aPlan("p1"), begun, failed, begun, failed]);

    const outcomes = openRecovery(history)?.steps.map((one) => one.outcome?.kind);
    expect(outcomes).toEqual(["failed", "failed"]);
  });

  it("has its verification and its end", () => {
    const history = foldAll([
      aPlan("p1"),
      { kind: "verified", plan: "p1", verification: { result: "proven", at: 19, checks: [] } },
      { kind: "recovery-ended", plan: "p1", result: "completed", reason: "proven" },
    ]);

    expect(history.recoveries[0]).toMatchObject({
      verification: { result: "proven", at: 19 },
      ended: { at: 30, result: "completed", reason: "proven" },
    });
  });
});

describe("the outbox", () => {
  it("counts failed tries and knows when the next is due", () => {
    const history = foldAll([
      aNotice("n1", ["log", "hook"]),
      { kind: "notice-delivered", notice: "n1", channel: "log" },
      {
        kind: "notice-failed",
        notice: "n1",
        channel: "hook",
        reason: "timeout",
        detail: "d",
        retryAt: 500,
      },
    ]);

    expect(history.outbox.map(({ waiting }) => waiting)).toEqual([
      [{ channel: "hook", failures: 1, dueAt: 500 }],
    ]);
    expect(history.told.has("key-n1")).toBe(true);
  });

  it("remembers the last thousand things that were told, and every notice that is still to go out", () => {
    const history = foldAll(
      Array.from({ length: 1100 }, (_, n) => aNotice(`n${n}`, n === 0 ? ["hook"] : [])),
    );

    expect(history.told.size).toBe(1000);
    expect(history.told.has("key-n1099")).toBe(true);
    expect(history.outbox.map(({ notice }) => notice.id)).toEqual(["n0"]);
  });
});

describe("the daemon's starts", () => {
  it("are the last twenty", () => {
    const history = foldAll(
      Array.from({ length: 25 }, (): Fact => ({
        kind: "daemon-started",
        pid: 1,
        version: "1",
        configHash: "h",
      })),
    );

    expect(history.daemonStarts).toEqual(Array.from({ length: 20 }, (_, n) => (n + 6) * 10));
  });

  it("are crashes where no clean end came before them, until a person resumes", () => {
    const started = { kind: "daemon-started", pid: 1, version: "1", configHash: "h" } as const;
    const stopped = { kind: "daemon-stopped", reason: "SIGTERM" } as const;

    const history = foldAll([started, started, stopped, started, started]);
    const resumed = foldAll([started, started, { kind: "resumed", by: "Ada" }, started]);

    expect([history.crashes, resumed.crashes]).toEqual([[20, 50], [40]]);
  });
});
