import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openJournal, type Journal } from "../../src/journal/journal.ts";
import type { JournalStore } from "../../src/journal/store.ts";
import { eventsOf, whyImpossible } from "../../src/journal/transitions.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { Failure, messageOf } from "../../src/model/failure.ts";
import { incidentState, recoveryState, type Recovery } from "../../src/model/history.ts";
import {
  INCIDENT_EVENTS,
  INCIDENT_STATES,
  INCIDENT_TRANSITIONS,
  type IncidentEvent,
  type IncidentState,
} from "../../src/model/incident-machine.ts";
import type { Phase, Plan, RecoveryResult, StepDescriptor } from "../../src/model/plan.ts";
import {
  RECOVERY_EVENTS,
  RECOVERY_STATES,
  RECOVERY_TRANSITIONS,
  type RecoveryEvent,
  type RecoveryState,
} from "../../src/model/recovery-machine.ts";
import { mayAttempt, nextStep } from "../../src/recover/next-step.ts";
import { anOpening, aPlan, NOON } from "../support/builders.ts";

const STEPS: readonly StepDescriptor[] = [
  { id: "stage", kind: "stage", phase: "prepare" },
  { id: "switch", kind: "switch", phase: "act" },
  { id: "git", kind: "point-git", phase: "act", optional: true },
  { id: "clean", kind: "clean-up", phase: "settle", optional: true },
];

/** A store in memory. */
function aStore(facts: readonly Fact[] = []): JournalStore {
  const entries: Entry[] = facts.map((fact, place) => ({ seq: place + 1, at: place + 1, fact }));
  return {
    append: (fact) => {
      const entry = { seq: entries.length + 1, at: entries.length + 1, fact };
      entries.push(entry);
      return entry;
    },
    entries: () => entries,
    close: () => undefined,
  };
}

function journalOf(facts: readonly Fact[]): Journal {
  const journal = openJournal(aStore());
  for (const fact of facts) {
    journal.record(fact);
  }
  return journal;
}

function planOf(id = "plan-1"): Plan {
  return aPlan({ id, steps: [...STEPS] });
}

function ended(result: RecoveryResult, plan = "plan-1"): Fact {
  return { kind: "recovery-ended", plan, result, reason: "so it was" };
}

function verified(result: "proven" | "not-proven", plan = "plan-1"): Fact {
  return { kind: "verified", plan, verification: { result, at: NOON, checks: [] } };
}

function begun(step: string, plan = "plan-1"): Fact {
  return { kind: "step-started", plan, step };
}

function finished(step: string, kind: "done" | "failed" = "done", plan = "plan-1"): Fact {
  return { kind: "step-finished", plan, step, outcome: { kind, detail: "so it was" } };
}

function approved(by: "Ada" | "Eve", plan = "plan-1"): Fact {
  const role = by === "Ada" ? "database-administrator" : "system-administrator";
  return { kind: "approved", plan, by, role };
}

function asked(plan = "plan-1"): Fact {
  const roles: ("database-administrator" | "system-administrator")[] = [
    "database-administrator",
    "system-administrator",
  ];
  return { kind: "approval-asked", plan, hash: "h", roles, everyRole: true, expiresAt: NOON };
}

const STARTED: Fact = { kind: "recovery-started", plan: "plan-1" };
const REJECTED: Fact = { kind: "rejected", plan: "plan-1", by: "Ada", reason: "so it is" };
const FREE: readonly Fact[] = [anOpening(), { kind: "planned", plan: planOf() }];
const UNASKED: readonly Fact[] = [anOpening(), { kind: "planned", plan: planOf(), waits: true }];
const WAITING: readonly Fact[] = [...UNASKED, asked(), approved("Ada")];
const PREPARING: readonly Fact[] = [...FREE, STARTED, begun("stage")];
const ACTING: readonly Fact[] = [...PREPARING, finished("stage"), begun("switch")];
const PROVEN: readonly Fact[] = [...ACTING, finished("switch"), verified("proven"), begun("clean")];
const UNPROVEN: readonly Fact[] = [...ACTING, finished("switch"), verified("not-proven")];

/** How a recovery comes to stand where it stands. */
const WAYS: Readonly<Record<RecoveryState, readonly Fact[]>> = {
  unplanned: [anOpening()],
  unasked: UNASKED,
  waiting: WAITING,
  refused: [...WAITING, REJECTED],
  approved: [...WAITING, approved("Eve")],
  free: FREE,
  preparing: PREPARING,
  acting: ACTING,
  proven: PROVEN,
  unproven: UNPROVEN,
  completed: [...PROVEN, ended("completed")],
  cancelled: [...PREPARING, ended("cancelled")],
  "needs-human": [...UNPROVEN, ended("needs-human")],
};

/** The fact that says it, where it can be said. */
function factOf(event: RecoveryEvent, state: RecoveryState): Fact {
  const underWay = { preparing: "stage", acting: "switch", proven: "clean" } as const;
  const facts: Readonly<Record<RecoveryEvent, Fact>> = {
    planned: { kind: "planned", plan: planOf() },
    "planned-to-wait": { kind: "planned", plan: planOf(), waits: true },
    "planned-beside": { kind: "planned", plan: planOf() },
    asked: asked(),
    "approved-in-part": approved("Ada"),
    approved: approved("Eve"),
    rejected: REJECTED,
    begun: STARTED,
    "preparation-announced": begun("stage"),
    "act-announced": begun("switch"),
    "settling-announced": begun("clean"),
    outcome: finished(
      state === "preparing" || state === "acting" || state === "proven" ? underWay[state] : "stage",
    ),
    unannounced: finished("never begun"),
    "verified-proven": verified("proven"),
    "verified-unproven": verified("not-proven"),
    "ended-completed": ended("completed"),
    "ended-cancelled": ended("cancelled"),
    "ended-needs-human": ended("needs-human"),
  };
  return facts[event];
}

function stateIn(journal: Pick<Journal, "history">, plan = "plan-1"): RecoveryState {
  return recoveryState(journal.history().recoveries.find((one) => one.plan.id === plan));
}

/** Whether the journal takes a fact: the code of the refusal when it does not. */
function recordIn(journal: Journal, fact: Fact): string {
  try {
    journal.record(fact);
    return "taken";
  } catch (error) {
    return error instanceof Failure ? error.code : messageOf(error);
  }
}

describe("the journal of a recovery", () => {
  it.each(RECOVERY_STATES)("comes to %s", (state) => {
    expect(stateIn(journalOf(WAYS[state]))).toBe(state);
  });

  const cells = RECOVERY_STATES.flatMap((state) =>
    RECOVERY_EVENTS.map((event) => ({ state, event, to: RECOVERY_TRANSITIONS[state][event] })),
  );

  it.each(cells)("$state, $event: $to", ({ state, event, to }) => {
    const beside: readonly Fact[] = [{ kind: "planned", plan: planOf("plan-2") }];
    const isBesideOther = state === "unplanned" && event === "planned-beside";
    const journal = journalOf([...WAYS[state], ...(isBesideOther ? beside : [])]);
    const fact = factOf(event, state);
    const said = eventsOf(journal.history(), fact).recovery?.[1];

    const answer = recordIn(journal, fact);

    // What is impossible cannot always be said: without a question nobody is the last to answer it.
    expect(to === "impossible" || said === event).toBe(true);
    expect(answer).toBe(to === "impossible" ? "transition-impossible" : "taken");
    expect(stateIn(journal)).toBe(to === "impossible" ? state : to);
  });

  it("takes no outcome of a step twice, and none of a step that the plan lacks", () => {
    const journal = journalOf([...PREPARING, finished("stage")]);

    for (const fact of [finished("stage"), begun("other")]) {
      expect(() => journal.record(fact)).toThrow("unannounced is impossible");
    }
  });

  it("takes no second plan while one is to be done or waits", () => {
    for (const facts of [FREE, UNASKED, WAITING, ACTING]) {
      const journal = journalOf(facts);

      expect(() => journal.record({ kind: "planned", plan: planOf("plan-2") })).toThrow(
        "planned-beside is impossible",
      );
    }
  });
});

const PLANNED: Fact = { kind: "planned", plan: planOf() };
const DECIDED: Fact = {
  kind: "decided",
  incident: "inc-1",
  decision: { kind: "hold", at: NOON, reason: "so it is", guards: [], target: null },
};
const CLOSED: Fact = { kind: "closed", incident: "inc-1", outcome: "held", reason: "so it was" };

const INCIDENT_WAYS: Readonly<Record<IncidentState, readonly Fact[]>> = {
  unopened: [],
  undecided: [anOpening()],
  decided: [anOpening(), DECIDED],
  planned: [anOpening(), PLANNED, ended("cancelled")],
  closed: [anOpening(), CLOSED],
};

const INCIDENT_FACTS: Readonly<Record<IncidentEvent, Fact>> = {
  "incident-opened": anOpening(),
  "incident-grown": {
    kind: "incident-grown",
    incident: "inc-1",
    trigger: "system-down",
    tier: "immediate",
    mode: "auto",
    signals: ["health", "other"],
  },
  judged: { kind: "judged", incident: "inc-1", cause: "release", evidence: [] },
  decided: DECIDED,
  planned: { kind: "planned", plan: planOf("plan-2") },
  acknowledged: { kind: "acknowledged", incident: "inc-1", by: "Ada" },
  noted: { kind: "noted", incident: "inc-1", by: "Ada", text: "seen" },
  labelled: { kind: "labelled", incident: "inc-1", by: "Ada", label: "right" },
  closed: CLOSED,
  "closed-over-recovery": CLOSED,
};

describe("the journal of an incident", () => {
  const cells = INCIDENT_STATES.flatMap((state) =>
    INCIDENT_EVENTS.filter((event) => event !== "closed-over-recovery").map((event) => ({
      state,
      event,
      to: INCIDENT_TRANSITIONS[state][event],
    })),
  );

  it.each(cells)("$state, $event: $to", ({ state, event, to }) => {
    const journal = journalOf(INCIDENT_WAYS[state]);

    const answer = recordIn(journal, INCIDENT_FACTS[event]);

    expect(answer).toBe(to === "impossible" ? "transition-impossible" : "taken");
    const after = incidentState(journal.history().incidents[0]);
    expect(after).toBe(to === "impossible" ? state : to);
  });

  it.each(["free", "approved", "preparing", "acting", "proven", "unproven"] as const)(
    "takes no close while its recovery is %s",
    (state) => {
      const journal = journalOf(WAYS[state]);

      expect(() => journal.record(CLOSED)).toThrow("closed-over-recovery is impossible");
    },
  );

  it.each(INCIDENT_STATES)("can be closed over a recovery in no state: not in %s", (state) => {
    expect(INCIDENT_TRANSITIONS[state]["closed-over-recovery"]).toBe("impossible");
  });
});

describe("a journal that an older version wrote", () => {
  it("is folded with everything in it, and what could not follow is told", () => {
    const told: unknown[] = [];
    const facts: readonly Fact[] = [...FREE, asked(), finished("stage"), ended("completed")];

    const journal = openJournal(aStore(facts), ({ seq }, why) => {
      told.push([seq, why]);
    });

    expect(stateIn(journal)).toBe("completed");
    expect(told).toEqual([
      [3, "plan plan-1 is free, where asked is impossible"],
      [4, "plan plan-1 is waiting, where unannounced is impossible"],
      [5, "plan plan-1 is waiting, where ended-completed is impossible"],
    ]);
  });
});

const PLANS = ["plan-1", "plan-2"] as const;
const POOL: readonly Fact[] = [
  ...INCIDENT_EVENTS.map((event) => INCIDENT_FACTS[event]),
  ...PLANS.flatMap((plan): readonly Fact[] => [
    { kind: "planned", plan: planOf(plan) },
    { kind: "planned", plan: planOf(plan), waits: true },
    asked(plan),
    approved("Ada", plan),
    approved("Eve", plan),
    { kind: "rejected", plan, by: "Ada", reason: "so it is" },
    { kind: "recovery-started", plan },
    ...STEPS.flatMap(({ id }) => [
      begun(id, plan),
      finished(id, "done", plan),
      finished(id, "failed", plan),
    ]),
    verified("proven", plan),
    verified("not-proven", plan),
    ended("completed", plan),
    ended("cancelled", plan),
    ended("needs-human", plan),
  ]),
];

const choices = fc.array(fc.nat(9999), { maxLength: 80 });

describe("whatever may follow, follows, and", () => {
  it("one plan at a time is not ended, acts were announced, nothing that acted is cancelled, and only what is proven is completed", () => {
    fc.assert(
      fc.property(choices, (picks) => {
        const journal = openJournal(aStore());

        for (const pick of picks) {
          const possible = POOL.filter(
            (fact) => whyImpossible(journal.history(), fact) === undefined,
          );
          const fact = possible[pick % possible.length];
          if (fact !== undefined) {
            journal.record(fact);
          }

          const { recoveries } = journal.history();
          expect(recoveries.filter((one) => one.ended === undefined).length).toBeLessThan(2);
          for (const one of recoveries) {
            const acted = one.steps.some(({ step }) => step !== "stage");
            expect(one.ended?.result === "cancelled" && acted).toBe(false);
            const isProven = one.verification?.result === "proven";
            expect(one.ended?.result === "completed" && !isProven).toBe(false);
            expect(one.steps.every(({ attempt = 0 }) => attempt >= 1)).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("wherever rollwatch dies, what it does next may follow, and comes to an end", () => {
    fc.assert(
      fc.property(choices, fc.boolean(), (picks, waits) => {
        const journal = journalOf([
          anOpening(),
          { kind: "planned", plan: planOf(), ...(waits ? { waits: true } : {}) },
        ]);
        let isFirst = true;
        for (const pick of [...picks, ...Array.from({ length: 100 }, () => 0)]) {
          // Every fifth time rollwatch has died since: what it does begins with another attempt.
          isFirst ||= pick % 5 === 4;
          const [recovery] = journal.history().recoveries;
          const next: Fact | undefined =
            recovery && NEXT[recoveryState(recovery)]({ recovery, pick, isFirst });
          if (next !== undefined) {
            journal.record(next);
            isFirst &&= next.kind !== "recovery-started";
          }
        }

        expect(["completed", "cancelled", "needs-human"]).toContain(stateIn(journal));
        expect(() => journal.record(CLOSED)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

/** What is written next is chosen by `pick`; `isFirst`: rollwatch has just been started. */
interface Moment {
  readonly recovery: Recovery;
  readonly pick: number;
  readonly isFirst: boolean;
}

type Writes = (moment: Moment) => Fact | undefined;

/** What rollwatch, or people, write next in each state; nothing at the end. */
const NEXT: Readonly<Record<RecoveryState, Writes>> = {
  unplanned: () => undefined,
  unasked: ({ pick, isFirst }) => (isFirst && pick % 2 === 1 ? ended("cancelled") : asked()),
  waiting: ({ recovery, pick }) => {
    const next = recovery.approval?.given.length === 0 ? "Ada" : "Eve";
    return [approved(next), REJECTED, ended("cancelled")][pick % 3];
  },
  refused: () => ended("cancelled"),
  approved: towardsProof,
  free: towardsProof,
  preparing: towardsProof,
  acting: towardsProof,
  proven: (moment) => outcomeOf(moment) ?? stepOf(moment, "settle") ?? ended("completed"),
  unproven: () => ended("needs-human"),
  completed: () => undefined,
  cancelled: () => undefined,
  "needs-human": () => undefined,
};

function towardsProof(moment: Moment): Fact {
  const verdict = moment.pick % 3 === 2 ? "not-proven" : "proven";
  return outcomeOf(moment) ?? stepOf(moment, "act") ?? verified(verdict);
}

/** The outcome of the step that is under way; none of one that a crash cut off. */
function outcomeOf({ recovery, pick, isFirst }: Moment): Fact | undefined {
  const last = recovery.steps.at(-1);
  return isFirst || last === undefined || last.outcome !== undefined
    ? undefined
    : finished(last.step, pick % 7 === 6 ? "failed" : "done");
}

/** The next beginning up to the phase, or the end where there is none; undefined when the phase is done. */
function stepOf({ recovery, pick, isFirst }: Moment, until: Phase): Fact | undefined {
  const next = nextStep(recovery, until);
  if (next.kind === "phase-done") {
    return undefined;
  }
  if (isFirst) {
    return mayAttempt(recovery) ? STARTED : ended("needs-human");
  }
  if (next.kind === "cancel" || next.kind === "give-up") {
    return ended(next.kind === "cancel" ? "cancelled" : "needs-human");
  }
  const isRefused = next.kind === "gate" && pick % 11 === 10;
  return isRefused ? ended("cancelled") : begun(next.step.id);
}
