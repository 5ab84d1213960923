import { describe, expect, it } from "vitest";
import { askPeople, planDecided } from "../../src/app/follow.ts";
import { tendWaiting } from "../../src/app/tend-waiting.ts";
import { decideOn } from "../../src/app/incident.ts";
import { judgeNow, type Daemon } from "../../src/app/daemon.ts";
import { finishRecovery } from "../../src/app/recovery.ts";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import type { Decision } from "../../src/model/decision.ts";
import type { Fact } from "../../src/model/facts.ts";
import { openRecovery, waitingRecovery, type Incident } from "../../src/model/history.ts";
import { anEnding, anIncident, anOpening, aPlan } from "../support/builders.ts";
import {
  breaksAfterProof,
  type Parts,
  whileDrafting,
  whileLooking,
  withDaemon,
} from "../support/daemon.ts";

const LIVE = new AbortController().signal;

/** What is decided about the breach, of which a rollback to the proven release is made. */
async function decidedOn({ daemon }: Parts, incident: Incident): Promise<Decision> {
  const verdict = judgeNow(daemon);
  if (verdict.kind !== "breached") {
    throw new Error("there is no breach");
  }
  return decideOn(daemon, incident, verdict, LIVE);
}

function closed({ id }: Incident): Fact {
  return { kind: "closed", incident: id, outcome: "held", reason: "so it is", by: "Ada" };
}

function rejected(plan: string): Fact {
  return { kind: "rejected", plan, by: "Ada", reason: "so it is" };
}

function byHand(incident: string): Fact {
  return { kind: "planned", plan: aPlan({ id: "by-hand", incident, requestedBy: "Ada" }) };
}

async function asks(parts: Parts): Promise<Incident> {
  const incident = await breaksAfterProof(parts);
  await askPeople(parts.daemon, incident, await decidedOn(parts, incident), LIVE);
  return incident;
}

function waitingIn({ journal }: Daemon): string {
  return waitingRecovery(journal.history())?.plan.id ?? "none waits";
}

describe("while a decided rollback is drafted", () => {
  it.each([
    [
      "a person may close its incident",
      (_waiting: string, incident: Incident) => [closed(incident)],
    ],
    ["a person may say no to the one that waits", (waiting: string) => [rejected(waiting)]],
    [
      "another may begin",
      (waiting: string, { id }: Incident) => [...anEnding(waiting, "cancelled"), byHand(id)],
    ],
  ])("%s: it is not recorded then", async (_what, meanwhile) => {
    await withDaemon(async (parts) => {
      const incident = await asks(parts);
      const decision = await decidedOn(parts, incident);
      const waiting = waitingIn(parts.daemon);
      const daemon = whileDrafting(parts.daemon, () => {
        parts.record(...meanwhile(waiting, incident));
      });

      const plan = await planDecided(daemon, incident, { ...decision, kind: "roll-back" }, LIVE);

      expect(plan).toBeUndefined();
      const own = daemon.journal
        .history()
        .recoveries.filter(({ plan: one }) => one.id !== "by-hand");
      expect(own.map((one) => one.plan.id)).toEqual([waiting]);
    });
  });

  it("nothing may happen: then it is recorded in place of the one that waits", async () => {
    await withDaemon(async (parts) => {
      const incident = await asks(parts);
      const decision = await decidedOn(parts, incident);

      const plan = await planDecided(
        parts.daemon,
        incident,
        { ...decision, kind: "roll-back" },
        LIVE,
      );

      expect(parts.daemon.journal.history().recoveries).toMatchObject([
        { ended: { result: "cancelled" } },
        { plan: { id: plan, incident: incident.id } },
      ]);
    });
  });
});

describe("while a question to people is drafted", () => {
  it.each([
    ["a person may close the incident", closed],
    ["another plan may begin", ({ id }: Incident) => byHand(id)],
  ])("%s: nobody is asked then", async (_what, meanwhile) => {
    await withDaemon(async (parts) => {
      const incident = await breaksAfterProof(parts);
      const decision = await decidedOn(parts, incident);
      const daemon = whileDrafting(parts.daemon, () => parts.record(meanwhile(incident)));

      await askPeople(daemon, incident, decision, LIVE);

      expect(parts.written()).not.toContain("approval-asked");
    });
  });
});

describe("while the guards are asked about an approved plan", () => {
  it("a person may still say no, and that counts", async () => {
    await withDaemon(async (parts) => {
      await asks(parts);
      const plan = waitingIn(parts.daemon);
      parts.record({ kind: "approved", plan, by: "Eve", role: "system-administrator" });
      const daemon = whileLooking(parts.daemon, () => parts.record(rejected(plan)));

      await finishRecovery(daemon, openChangeWatch(daemon), plan, LIVE);
      tendWaiting(daemon);

      expect(parts.written()).not.toContain("recovery-started");
      expect(parts.world.pm2.calls).toEqual([]);
      expect(daemon.journal.history().recoveries).toMatchObject([
        { ended: { reason: "rejected by Ada: so it is" } },
      ]);
    });
  });
});

describe("an incident that was opened for a plan by hand", () => {
  it.each([
    ["is over where the plan was never written down", { forPlan: true } as const, "held"],
    ["is no person's report, which stays until somebody closes it", {}, undefined],
  ])("%s", async (_what, how, outcome) => {
    await withDaemon(async ({ daemon }) => {
      const { id: incident, trigger, tier, mode, since } = anIncident();
      const reported = { by: "Ada", reason: "so it is", ...how };
      const opened = { incident, trigger, tier, mode, since, signals: [], reported };
      daemon.journal.record({ kind: "incident-opened", ...opened });

      tendWaiting(daemon);

      expect(daemon.journal.history().incidents[0]?.closed?.outcome).toBe(outcome);
    });
  });
});

describe("an incident whose recovery had ended when rollwatch died", () => {
  it.each([
    ["completed", {}, "rolled-back"],
    ["cancelled", {}, undefined],
    ["cancelled", { forPlan: true } as const, "held"],
    ["needs-human", { forPlan: true } as const, undefined],
  ] as const)("is closed with it where it was %s, %j", async (result, how, outcome) => {
    await withDaemon(async ({ daemon }) => {
      const { id: incident, trigger, tier, mode, since, signals } = anIncident();
      const isByHand = "forPlan" in how;
      const reported = { by: "Ada", reason: "so it is", ...how };
      daemon.journal.record({
        kind: "incident-opened",
        incident,
        trigger,
        tier,
        mode,
        since,
        ...(isByHand ? { signals: [], reported } : { signals: [...signals] }),
      });
      const plan = aPlan({ incident, requestedBy: isByHand ? "Ada" : "policy" });
      daemon.journal.record({ kind: "planned", plan });
      daemon.journal.record({ kind: "recovery-started", plan: plan.id });
      for (const fact of anEnding(plan.id, result)) {
        daemon.journal.record(fact);
      }

      tendWaiting(daemon);

      expect(daemon.journal.history().incidents[0]?.closed?.outcome).toBe(outcome);
    });
  });
});

describe("a plan that was to wait, and about which nobody was asked", () => {
  it("is not to be done, and is ended", async () => {
    await withDaemon(async ({ daemon, record }) => {
      record(anOpening(), { kind: "planned", plan: aPlan(), waits: true });
      expect(openRecovery(daemon.journal.history())).toBeUndefined();

      tendWaiting(daemon);

      expect(daemon.journal.history().recoveries).toMatchObject([
        { ended: { result: "cancelled", reason: "rollwatch died before it asked anybody" } },
      ]);
    });
  });

  it("tells people where one of them had asked for it: nobody plans it anew", async () => {
    await withDaemon(async ({ daemon, record }) => {
      const { id: incident, trigger, tier, mode, since } = anIncident();
      const reported = { by: "Ada", reason: "so it is", forPlan: true } as const;
      record({
        kind: "incident-opened",
        incident,
        trigger,
        tier,
        mode,
        since,
        signals: [],
        reported,
      });
      record({ kind: "planned", plan: aPlan({ incident, requestedBy: "Ada" }), waits: true });

      tendWaiting(daemon);

      const { outbox, incidents } = daemon.journal.history();
      expect(outbox.map(({ notice }) => [notice.reason, notice.text])).toEqual([
        ["rollback-cancelled", expect.stringContaining("died before it asked anybody: ask again")],
      ]);
      expect(incidents[0]?.closed?.outcome).toBe("held");
    });
  });
});
