import { describe, expect, it } from "vitest";
import {
  isApproved,
  isBraked,
  openRecovery,
  waitingRecovery,
  type Approval,
  type Recovery,
} from "../../src/model/history.ts";
import { aHistory, aPlan, aRecovery, NOON } from "../support/builders.ts";

const ASKED: Approval = {
  hash: "5555",
  roles: ["database-administrator", "system-administrator"],
  everyRole: false,
  askedAt: NOON,
  expiresAt: NOON + 1000,
  given: [],
};
const REJECTED = { by: "Eve", reason: "not now", at: NOON };

function yes(by: string, role: Approval["roles"][number]): Approval["given"][number] {
  return { by, role, at: NOON };
}

const DBA = yes("Ada", "database-administrator");
const ADMIN = yes("Eve", "system-administrator");

describe("an approval", () => {
  it.each<[string, Partial<Approval>, boolean]>([
    ["nobody gave", {}, false],
    ["one of the roles gave", { given: [ADMIN] }, true],
    ["one gave and another refused", { given: [ADMIN], rejected: REJECTED }, false],
    ["one of two needed roles gave", { everyRole: true, given: [DBA] }, false],
    ["both needed roles gave", { everyRole: true, given: [DBA, ADMIN] }, true],
    [
      "both needed roles gave, one person for both",
      { everyRole: true, given: [DBA, yes("Ada", "system-administrator")] },
      false,
    ],
    [
      "two people gave in the same one of two needed roles",
      { everyRole: true, given: [DBA, yes("Eve", "database-administrator")] },
      false,
    ],
    [
      "both gave, and one refused",
      { everyRole: true, given: [DBA, ADMIN], rejected: REJECTED },
      false,
    ],
    [
      "the only needed role gave",
      { everyRole: true, roles: ["system-administrator"], given: [ADMIN] },
      true,
    ],
  ])("that %s is whole: see the row", (_what, over, expected) => {
    expect(isApproved({ ...ASKED, ...over })).toBe(expected);
  });
});

describe("a brake", () => {
  it.each([
    ["was never declared", undefined, false],
    ["has no end", null, true],
    ["ends in a millisecond", NOON + 1, true],
    ["ends now", NOON, false],
  ])("that %s is on: see the row", (_what, until, expected) => {
    const brake = until === undefined ? undefined : { by: "Ada", reason: "x", at: 0, until };

    expect(isBraked(brake, NOON)).toBe(expected);
  });
});

describe("the recovery", () => {
  const { ended: _ended, ...running } = aRecovery(NOON, { plan: aPlan({ id: "running" }) });
  const unbegun: Recovery = { ...running, attempts: [] };
  const waiting: Recovery = { ...unbegun, plan: aPlan({ id: "waiting" }), approval: ASKED };
  const approved: Recovery = {
    ...unbegun,
    plan: aPlan({ id: "approved" }),
    approval: { ...ASKED, given: [ADMIN] },
  };
  const ended = aRecovery(NOON, { approval: ASKED });

  it.each([
    ["nobody must approve", [ended, running], "running", undefined],
    ["waits", [ended, waiting], undefined, "waiting"],
    ["was approved", [waiting, approved], "approved", "waiting"],
    [
      "was rejected after all",
      [{ ...approved, approval: { ...ASKED, given: [ADMIN], rejected: REJECTED } }],
      undefined,
      "approved",
    ],
    ["has ended", [ended], undefined, undefined],
  ] as const)("that %s is open or waiting: see the row", (_what, recoveries, open, waits) => {
    const history = aHistory({ recoveries });

    expect(openRecovery(history)?.plan.id).toBe(open);
    expect(waitingRecovery(history)?.plan.id).toBe(waits);
  });
});
