import { describe, expect, it } from "vitest";
import { answerApproval, answerRejection } from "../../src/decide/approval.ts";
import type { Approval, Recovery } from "../../src/model/history.ts";
import type { Person } from "../../src/model/people.ts";
import { aPlan, aRecovery, NOON } from "../support/builders.ts";

const ADA: Person = {
  name: "Ada",
  roles: ["system-administrator", "database-administrator"],
  access: ["acknowledge", "approve"],
};
const EVE: Person = { name: "Eve", roles: ["system-administrator"], access: ["approve"] };
const OPERATOR: Person = { name: "root", roles: [], access: ["administer"] };

const ASKED: Approval = {
  hash: "5555",
  roles: ["system-administrator"],
  everyRole: false,
  askedAt: NOON,
  expiresAt: NOON + 1000,
  given: [],
};
const BOTH: Approval = {
  ...ASKED,
  roles: ["database-administrator", "system-administrator"],
  everyRole: true,
};

function waiting(approval: Partial<Approval> = {}, over: Partial<Recovery> = {}): Recovery {
  const { ended: _ended, ...open } = aRecovery(NOON);
  return { ...open, attempts: [], approval: { ...ASKED, ...approval }, ...over };
}

function given(by: Person, role: Approval["roles"][number]): Approval["given"][number] {
  return { by: by.name, role, at: NOON };
}

function yes(
  recovery: Recovery,
  over: Partial<Parameters<typeof answerApproval>[1]> = {},
): ReturnType<typeof answerApproval> {
  return answerApproval(recovery, { by: EVE, now: NOON, planHash: "5555", ...over });
}

const REJECTED = { by: "Ada", reason: "not now", at: NOON };
const ENDED = { at: NOON, result: "cancelled", reason: "the breach cleared" } as const;

describe("an approval", () => {
  it("counts in the role that decides", () => {
    expect(yes(waiting())).toEqual({ kind: "given", role: "system-administrator" });
  });

  it("counts for the plan that was looked at", () => {
    expect(yes(waiting(), { hash: "5555" }).kind).toBe("given");
  });

  it("counts until the last moment", () => {
    expect(yes(waiting(), { now: NOON + 999 }).kind).toBe("given");
  });

  it("counts in one role after the other, by two people", () => {
    const first = yes(waiting(BOTH), { by: ADA });
    const second = yes(waiting({ ...BOTH, given: [given(ADA, "database-administrator")] }));

    expect(first).toEqual({ kind: "given", role: "database-administrator" });
    expect(second).toEqual({ kind: "given", role: "system-administrator" });
  });

  it.each([
    ["of a person without the role", { by: { ...EVE, roles: ["project-manager"] as const } }],
    ["of a person without any role", { by: { ...OPERATOR, access: ["approve"] as const } }],
    [
      "of a person whose token may not approve",
      { by: { ...EVE, access: ["administer"] as const } },
    ],
  ])("%s is not permitted", (_whose, over) => {
    const answer = yes(waiting(), over);

    expect(answer).toMatchObject({ kind: "refused", code: "not-permitted" });
    expect(answer).toMatchObject({ reason: expect.stringContaining("system-administrator") });
  });

  it.each([
    ["at its expiry", waiting(), { now: NOON + 1000 }, "could be approved until"],
    ["for a plan that was tampered with", waiting(), { planHash: "6666" }, "its hash differs"],
    ["for another plan than the one looked at", waiting(), { hash: "6666" }, "its hash differs"],
    ["after a no", waiting({ rejected: REJECTED }), {}, "was rejected by Ada: not now"],
    ["after its end", waiting({}, { ended: ENDED }), {}, "has ended: the breach cleared"],
    ["after its beginning", waiting({}, { attempts: [NOON] }), {}, "has begun"],
    [
      "a second time",
      waiting({ given: [given(EVE, "system-administrator")] }),
      {},
      "is approved already",
    ],
    [
      "by the same person in the other role",
      waiting({ ...BOTH, given: [given(ADA, "database-administrator")] }),
      { by: ADA },
      "Ada has approved already: another person must",
    ],
    [
      "in a role that somebody else has spoken in",
      waiting({ ...BOTH, given: [given(ADA, "system-administrator")] }),
      {},
      "somebody else has approved as system-administrator already",
    ],
  ] as const)("is refused %s", (_when, recovery, over, reason) => {
    expect(yes(recovery, over)).toEqual({
      kind: "refused",
      code: "refused",
      reason: expect.stringContaining(reason),
    });
  });

  it("is refused for a plan that needs nobody's", () => {
    const { approval: _approval, ...free } = waiting();

    expect(yes({ ...free, plan: aPlan() })).toMatchObject({ kind: "refused", code: "refused" });
    expect(answerRejection(free, { by: EVE })).toMatchObject({ kind: "refused" });
  });
});

describe("a rejection", () => {
  it.each([
    ["somebody who decides", waiting(), EVE],
    ["one of two who decide", waiting(BOTH), EVE],
    ["somebody who administers rollwatch", waiting(), OPERATOR],
    [
      "somebody after all the others approved",
      waiting({ given: [given(ADA, "system-administrator")] }),
      EVE,
    ],
    ["somebody after the expiry", waiting({ expiresAt: 0 }), EVE],
  ])("of %s is taken", (_who, recovery, by) => {
    expect(answerRejection(recovery, { by })).toEqual({ kind: "taken" });
  });

  it.each([
    ["without a deciding role", { ...EVE, roles: ["project-manager"] as const }],
    ["whose token may only acknowledge", { ...EVE, access: ["acknowledge"] as const }],
  ])("of a person %s is not permitted", (_who, by) => {
    expect(answerRejection(waiting(), { by })).toMatchObject({ code: "not-permitted" });
  });

  it.each([
    ["rejected", waiting({ rejected: REJECTED })],
    ["ended", waiting({}, { ended: ENDED })],
    ["begun", waiting({}, { attempts: [NOON] })],
  ])("comes too late for a plan that is %s", (_state, recovery) => {
    expect(answerRejection(recovery, { by: EVE })).toMatchObject({ code: "refused" });
  });
});
