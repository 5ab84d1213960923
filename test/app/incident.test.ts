import { describe, expect, it } from "vitest";
import {
  closeCleared,
  decideOn,
  isCleared,
  lastRollbackMs,
  openIncidentOf,
} from "../../src/app/incident.ts";
import type { Breached } from "../../src/decide/situation.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { Fact } from "../../src/model/facts.ts";
import type { Incident } from "../../src/model/history.ts";
import {
  aBreachedVerdict,
  aHistory,
  anEnding,
  anIncident,
  aPlan,
  aRecovery,
  NOON,
} from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;

function opened({ daemon }: Parts, verdict: Breached = aBreachedVerdict()): Incident {
  const incident = openIncidentOf(daemon, verdict);
  if (incident === undefined) {
    throw new Error("it was not opened");
  }
  return incident;
}

function now({ daemon }: Parts): Incident {
  return daemon.journal.history().incidents.at(-1) ?? anIncident();
}

describe("a decision", () => {
  it("is written once while it stays the same, and again when another guard blocks", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world, written } = parts;
      opened(parts);
      await daemon.surroundings.lookAtAll(LIVE);

      await decideOn(daemon, now(parts), aBreachedVerdict(), LIVE);
      await world.clock.advance(5000);
      await decideOn(daemon, now(parts), aBreachedVerdict(), LIVE);
      expect(written().filter((kind) => kind === "decided")).toHaveLength(1);

      world.git.setBusy("index.lock is there");
      await decideOn(daemon, now(parts), aBreachedVerdict(), LIVE);
      expect(written().filter((kind) => kind === "decided")).toHaveLength(2);
    });
  });

  it("writes the likely cause again when that changes", async () => {
    await withDaemon(async (parts) => {
      const { daemon } = parts;
      opened(parts);
      const attribution = { cause: "database", evidence: ["control database is red"] } as const;

      await decideOn(daemon, now(parts), aBreachedVerdict({ attribution }), LIVE);

      expect(now(parts)).toMatchObject(attribution);
    });
  });
});

const DECIDED: Decision = { kind: "recommend", at: NOON, reason: "ask", guards: [], target: null };

interface Ending {
  readonly facts: (incident: string) => readonly Fact[];
  readonly outcome: string;
  readonly notices: readonly string[];
}

function recoveryEnded(
  incident: string,
  result: "completed" | "needs-human" | "cancelled",
): readonly Fact[] {
  return [{ kind: "planned", plan: aPlan({ incident }) }, ...anEnding("plan-1", result)];
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  "held when nothing was done": { facts: () => [], outcome: "held", notices: ["recovered"] },
  "recommended when a person was asked": {
    facts: (incident) => [{ kind: "decided", incident, decision: DECIDED }],
    outcome: "recommended",
    notices: ["recovered"],
  },
  "held when the rollback was cancelled": {
    facts: (incident) => recoveryEnded(incident, "cancelled"),
    outcome: "held",
    notices: ["recovered"],
  },
  "failed when a rollback needed a person, whatever cured it later": {
    facts: (incident) => recoveryEnded(incident, "needs-human"),
    outcome: "failed",
    notices: ["recovered"],
  },
  "rolled back when rollwatch died before it could write so; that was told already": {
    facts: (incident) => recoveryEnded(incident, "completed"),
    outcome: "rolled-back",
    notices: [],
  },
};

describe("an incident that clears", () => {
  it.each(Object.entries(ENDINGS))("is %s", async (_name, { facts, outcome, notices }) => {
    await withDaemon(async (parts) => {
      const incident = opened(parts);
      parts.record(...facts(incident.id));

      closeCleared(parts.daemon, now(parts));

      const { outbox } = parts.daemon.journal.history();
      expect(now(parts).closed?.outcome).toBe(outcome);
      expect(outbox.map((one) => one.notice.reason)).toEqual(notices);
    });
  });

  it("is one whose every signal is ok; the others do not matter", async () => {
    await withDaemon(async (parts) => {
      const incident = anIncident({ signals: ["health"] });
      const { daemon, world } = parts;

      const unknown = isCleared(daemon, incident);
      const reading = { kind: "measured", value: 0, detail: "200" } as const;
      daemon.observatory.receive({ signal: "health", at: world.clock.now(), tookMs: 0, reading });

      expect([unknown, isCleared(daemon, incident)]).toEqual([false, true]);
    });
  });
});

describe("the time of the last rollback", () => {
  it("is that of the newest completed one, from its plan to its end", () => {
    const recoveries = [
      aRecovery(NOON, { plannedAt: NOON - 5000 }),
      aRecovery(NOON + 1, { ended: { at: NOON + 1, result: "needs-human", reason: "stuck" } }),
    ];

    expect(lastRollbackMs(aHistory({ recoveries }))).toBe(5000);
    expect(lastRollbackMs(aHistory())).toBeNull();
  });
});
