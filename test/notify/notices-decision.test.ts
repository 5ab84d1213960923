import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import type { Approval } from "../../src/model/history.ts";
import * as notices from "../../src/notify/notices-decision.ts";
import {
  aBreachedVerdict,
  aHistory,
  anIncident,
  aPlan,
  aRecovery,
  aSituation,
  NOON,
} from "../support/builders.ts";

const NEWS = { application: "radiation-health", incident: anIncident(), now: NOON + 65_000 };
const ASKED: Approval = {
  hash: "5555",
  roles: ["system-administrator"],
  everyRole: false,
  askedAt: NOON,
  expiresAt: NOON + 1_800_000,
  given: [],
};
const BOTH: Approval = {
  ...ASKED,
  roles: ["database-administrator", "system-administrator"],
  everyRole: true,
};
const ADA = { by: "Ada", role: "database-administrator", at: NOON } as const;

function waiting(approval: Approval = ASKED): ReturnType<typeof aRecovery> {
  const { ended: _ended, ...open } = aRecovery(NOON, { approval, attempts: [] });
  return open;
}

function of(over: Parameters<typeof anIncident>[0]): typeof NEWS {
  return { ...NEWS, incident: anIncident(over) };
}

describe("notices of a recommendation", () => {
  const decision = decide(aSituation({ evidence: ["report"] }));

  it("name every guard that blocks", () => {
    const work = [{ name: "importer", work: "unsafe", boot: 0 } as const];

    const { title, text } = notices.recommended(
      NEWS,
      decide(aSituation({ evidence: ["report"], work })),
    );

    expect(title).toBe("radiation-health is down: decide about going back to rel-good");
    expect(text).toContain(
      "Not done by itself: unsafe to stop in the middle of its work: importer; the breach rests on report alone.",
    );
  });

  it("name the plan that waits, who decides, until when, and the commands", () => {
    const { text, dedupKey } = notices.recommended(NEWS, decision, waiting());

    expect(text).toContain(
      "Waiting: plan plan-1 (0 steps) until 2026-11-22 12:30:00 UTC, for system-administrator.",
    );
    expect(text).toContain("`rollwatch approve plan-1`");
    expect(text).toContain("`rollwatch reject plan-1`");
    expect(text).toContain("`rollwatch rollback --dry-run`");
    expect(dedupKey).toBe("inc-1:recommended:plan-1");
  });

  it("name both roles where both must approve", () => {
    expect(notices.recommended(NEWS, decision, waiting(BOTH)).text).toContain(
      "for database-administrator and system-administrator, each by another person.",
    );
  });

  it("speak of the services where a restart is asked about", () => {
    const attribution = { cause: "unknown", evidence: [] } as const;
    const restart = decide(
      aSituation({
        evidence: ["report"],
        history: aHistory({ changes: [] }),
        verdict: aBreachedVerdict({ attribution }),
      }),
    );

    expect(notices.recommended(NEWS, restart).title).toBe(
      "radiation-health is down: decide about restarting api",
    );
  });

  it.each([
    ["immediate", undefined],
    ["fast", undefined],
    ["planned", "tell"],
  ] as const)("of the tier %s have the urgency %s of their own", (tier, urgency) => {
    expect(notices.recommended(of({ tier }), decision).urgency).toBe(urgency);
    expect(notices.approvalExpired(of({ tier }), waiting()).urgency).toBe(urgency);
  });
});

describe("notices of a breach that is left alone", () => {
  it.each([
    ["auto", undefined],
    ["shadow", "tell"],
    ["off", "tell"],
  ] as const)("in mode %s have the urgency %s of their own", (mode, urgency) => {
    const draft = notices.held(of({ mode }), decide(aSituation({ lockHeld: false })));

    expect(draft.urgency).toBe(urgency);
    expect(draft.text).toContain("somebody else holds the lock");
  });

  it.each([
    ["page", "slow-responses", undefined],
    ["tell", "minor-functionality", "tell"],
  ] as const)("for want of a change %s where the runbook says so", (_word, trigger, urgency) => {
    const verdict = aBreachedVerdict({ trigger });
    const decision = decide(aSituation({ verdict, history: aHistory({ changes: [] }) }));

    expect(notices.held(of({ trigger, tier: "fast" }), decision).urgency).toBe(urgency);
  });

  it("wake somebody for a trigger of the word tell that is held for another reason", () => {
    const decision = decide(aSituation({ lockHeld: false }));

    const draft = notices.held(of({ trigger: "minor-functionality", tier: "fast" }), decision);

    expect(draft.urgency).toBeUndefined();
  });
});

describe("notices of an approval", () => {
  it("say that the plan begins when everybody has approved", () => {
    const { title, text } = notices.approvalGiven(NEWS, waiting({ ...ASKED, given: [ADA] }));

    expect(title).toBe("radiation-health: Ada approved rolling back to rel-good");
    expect(text).toContain("Next: the guards are asked once more, then it begins");
  });

  it("name the role that is still missing", () => {
    const { text } = notices.approvalGiven(NEWS, waiting({ ...BOTH, given: [ADA] }));

    expect(text).toContain("it still waits for system-administrator, until");
  });

  it("have a key for each person and plan", () => {
    const eve = { ...ADA, by: "Eve" };

    const keys = [[ADA], [ADA, eve]].map(
      (given) => notices.approvalGiven(NEWS, waiting({ ...BOTH, given })).dedupKey,
    );

    expect(keys).toEqual(["inc-1:approval-given:plan-1:Ada", "inc-1:approval-given:plan-1:Eve"]);
  });

  it("that was refused say by whom and why", () => {
    const rejected = { by: "Eve", reason: "the upstream is down", at: NOON };

    const draft = notices.approvalRejected(NEWS, waiting({ ...ASKED, rejected }));

    expect(draft).toMatchObject({
      reason: "approval-rejected",
      dedupKey: "inc-1:approval-rejected:plan-1",
      title: "radiation-health: Eve rejected rolling back to rel-good",
    });
    expect(draft.text).toContain("the upstream is down");
  });

  it("that nobody gave say for whom the plan waited", () => {
    const plan = aPlan({
      scope: "service",
      target: null,
      steps: [{ id: "r", kind: "restart-service", phase: "act", service: "api" }],
    });

    const draft = notices.approvalExpired(NEWS, { ...waiting(), plan });

    expect(draft.title).toBe(
      "radiation-health is down: nobody decided about restarting api in time",
    );
    expect(draft.text).toContain("waited for system-administrator");
  });
});
