import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Asked, type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy } from "../support/story-config.ts";

const ASKING: Policy = { triggers: { "system-down": { mode: "recommend" } } };
const QUICK: Policy = { ...ASKING, approval: { expires: "1m" } };
/** The usual mode, where another rollback is a person's for two minutes after the last one. */
const COOLING: Policy = { brakes: { cooldown: "2m", rollbacksPerDay: 99 } };

const EFFECTS = ["stop 2", "stop 1", "stop 0", "restart 0", "restart 1", "restart 2"];

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** A bad release is deployed, and rollwatch asks what to do about it. */
async function asks(story: Scenario): Promise<Asked> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil(is("approval-asked"));
  return story.asked();
}

/** The DBA reports what only two people together may answer. */
async function asksTwo(story: Scenario): Promise<Asked> {
  await story.beginsProven("good-1");
  await story.install("good-2", "works");
  await story.passes("10s");
  await story.as("Dana").reports("data-corruption");
  await story.passesUntil(is("approval-asked"));
  return story.asked();
}

const TWO: Policy = { triggers: { "data-corruption": { mode: "recommend" } } };

async function isUntouched(story: Scenario): Promise<void> {
  await story.passes("20s");
  expect(story.pm2.calls).toEqual([]);
  expect(await story.read("server/release")).not.toBe("good-1");
}

describe("a recommendation that the right person approves", () => {
  it("is not thrown away because rollwatch itself stood still for a moment", async () => {
    await withScenario(ASKING, async (story) => {
      const { plan, approval } = await asks(story);

      story.eventLoop.standStill(300);
      await story.as("Ada").approves({ plan }, approval.hash);
      await story.passesUntil(is("closed"));

      expect(story.history().recoveries.map((one) => one.ended?.result)).toEqual(["completed"]);
    });
  });

  it("is carried out, proven and told, with the plan that was looked at", async () => {
    await withScenario(ASKING, async (story) => {
      const { plan, approval } = await asks(story);

      const report = await story.as("Ada").approves({ plan }, approval.hash);
      await story.passesUntil(is("closed"));

      expect(report.state).toBe("running");
      expect(story.history().recoveries.map((one) => one.plan.id)).toEqual([plan.id]);
      expect(story.recovery()).toMatchObject({
        approval: { given: [{ by: "Ada", role: "system-administrator" }] },
        verification: { result: "proven" },
        ended: { result: "completed" },
      });
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(story.pm2.calls).toEqual(EFFECTS);
      expect(await story.read("server/release")).toBe("good-1");
      expect(story.told()).toEqual([
        "recommended",
        "approval-given",
        "rollback-started",
        "rollback-verified",
      ]);
    });
  });

  it("is shown over the socket with what it would do and whom it waits for", async () => {
    await withScenario(ASKING, async (story) => {
      const { plan, approval } = await asks(story);

      const report = await story.as("operator").looksAt({ plan });

      expect(report).toMatchObject({
        state: "waiting",
        hash: approval.hash,
        approval: { roles: ["system-administrator"], everyRole: false, given: [] },
      });
      expect(report.steps.map((step) => step.id)).toEqual(plan.steps.map((step) => step.id));
    });
  });
});

describe("an approval counts for nothing", () => {
  it.each([
    // His role decides about other matters.
    ["by somebody in another role", "Bo", undefined, "not-permitted"],
    // Her role would be the right one.
    ["by somebody whose token does not allow it", "Max", undefined, "not-permitted"],
    // Whoever sits at the host proves no name.
    ["by the operator without a token", "operator", undefined, "not-permitted"],
    // What she looked at is not what waits.
    ["with the hash of another plan", "Ada", "0".repeat(64), "refused"],
  ] as const)("%s", async (_how, name, hash, code) => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);

      await expect(story.as(name).approves(asked, hash)).rejects.toMatchObject({ code });

      await isUntouched(story);
      expect(story.asked().approval.given).toEqual([]);
      expect(story.asked().ended).toBeUndefined();
    });
  });

  it("for a plan that nobody knows", async () => {
    await withScenario(ASKING, async (story) => {
      await asks(story);

      const approval = story.as("Ada").approves({ plan: { id: "plan-20200101T000000-nobody" } });

      await expect(approval).rejects.toMatchObject({ code: "plan-unknown" });
      await isUntouched(story);
    });
  });

  it("when it comes too late: the plan is gone, and people are asked anew", async () => {
    await withScenario(QUICK, async (story) => {
      const asked = await asks(story);
      await story.passesUntil(is("recovery-ended"));

      const approval = story.as("Ada").approves(asked);

      await expect(approval).rejects.toMatchObject({ code: "refused" });
      await isUntouched(story);
      expect(story.told()).toEqual(["recommended", "approval-expired", "recommended"]);
      expect(story.history().recoveries).toMatchObject([
        { ended: { result: "cancelled", reason: "nobody approved it in time" } },
        { approval: { given: [] } },
      ]);
    });
  });

  it("at the very moment when it is too late, before rollwatch has noticed", async () => {
    await withScenario(QUICK, async (story) => {
      const asked = await asks(story);
      story.clock.jumpWall(60_000);

      const approval = story.as("Ada").approves(asked);

      await expect(approval).rejects.toMatchObject({ code: "refused" });
      await isUntouched(story);
    });
  });

  it("when it is given twice, be it at the same moment: the plan is carried out once", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);

      const answers = await Promise.allSettled([
        story.as("Ada").approves(asked),
        story.as("Eve").approves(asked),
        story.as("Ada").approves(asked),
      ]);
      await story.passesUntil(is("closed"));

      expect(answers.map((one) => one.status).toSorted()).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
      ]);
      await expect(story.as("Ada").approves(asked)).rejects.toMatchObject({ code: "refused" });
      await story.passes("20s");
      expect(story.asked().approval.given).toHaveLength(1);
      expect(story.pm2.calls).toEqual(EFFECTS);
    });
  });

  it("after the breach cleared", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);
      await story.write("server/main.js", "works");
      await story.passesUntil(is("closed"));

      await expect(story.as("Ada").approves(asked)).rejects.toMatchObject({ code: "refused" });

      await isUntouched(story);
      expect(story.incident().closed?.outcome).toBe("recommended");
      expect(story.told()).toEqual(["recommended", "recovered"]);
    });
  });

  it("where the breach clears after it: that is judged again before the first act", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);
      await story.write("server/main.js", "works");
      await story.passes("2500ms");
      expect(story.asked().ended).toBeUndefined();

      await story.as("Ada").approves(asked);

      await story.passesUntil(is("closed"));
      await isUntouched(story);
      expect(story.asked().ended).toMatchObject({
        result: "cancelled",
        reason: "the breach cleared before the first act",
      });
    });
  });

  it("where something else is deployed by then", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);
      await story.install("bad-3", "answers 500");

      await story.as("Ada").approves(asked);

      await story.passesUntil(is("recovery-ended"));
      await isUntouched(story);
      expect(story.history().recoveries[0]?.ended).toMatchObject({
        result: "cancelled",
        reason: expect.stringContaining("what is deployed changed since the plan was made"),
      });
    });
  });

  it.each([
    ["paused", "pauses"],
    ["in maintenance", "startsMaintenance"],
  ] as const)("while rollwatch is %s", async (_state, brakes) => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);
      await story.as("operator")[brakes]("10m");

      await story.as("Ada").approves(asked);

      await story.passesUntil(is("recovery-ended"));
      await isUntouched(story);
      expect(story.asked().ended).toMatchObject({
        result: "cancelled",
        reason: expect.stringContaining("operator"),
      });
    });
  });

  it("after a pause that came in while it was being prepared", async () => {
    await withScenario(
      ASKING,
      async (story) => {
        story.setCopyTime(10_000);
        const asked = await asks(story);
        await story.as("Ada").approves(asked);
        await story.passesUntil(is("step-started"));

        await story.as("operator").pauses();

        await story.passesUntil(is("recovery-ended"));
        await isUntouched(story);
        expect(story.asked().ended?.reason).toContain("paused rollwatch");
      },
      { warm: false },
    );
  });
});

describe("a matter of two people", () => {
  it("takes two: the one who reported it may be one of them", async () => {
    await withScenario(TWO, async (story) => {
      const asked = await asksTwo(story);
      expect(asked.approval).toMatchObject({
        roles: ["database-administrator", "system-administrator"],
        everyRole: true,
      });

      const first = await story.as("Dana").approves(asked);
      await isUntouched(story);
      expect(first.state).toBe("waiting");

      await story.as("Ada").approves(asked);
      await story.passesUntil(is("closed"));
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("is not one person's who has both roles", async () => {
    await withScenario(TWO, async (story) => {
      const asked = await asksTwo(story);
      await story.as("Eve").approves(asked);

      const again = story.as("Eve").approves(asked);

      await expect(again).rejects.toMatchObject({ code: "refused" });
      await isUntouched(story);

      await story.as("Ada").approves(asked);
      await story.passesUntil(is("closed"));
      expect(story.pm2.calls).toEqual(EFFECTS);
    });
  });
});

describe("a rejection", () => {
  it("ends the plan, and nobody is asked again in the same incident", async () => {
    await withScenario(QUICK, async (story) => {
      const asked = await asks(story);

      await story.as("Ada").rejects(asked);

      await story.passes("3m");
      await expect(story.as("Eve").approves(asked)).rejects.toMatchObject({ code: "refused" });
      await isUntouched(story);
      expect(story.history().recoveries).toHaveLength(1);
      expect(story.asked().ended?.reason).toBe("rejected by Ada: so it is");
      expect(story.told()).toEqual(["recommended", "approval-rejected"]);
      expect(story.incident().closed).toBeUndefined();
    });
  });

  it("wins over the yes of another", async () => {
    await withScenario(TWO, async (story) => {
      const asked = await asksTwo(story);
      await story.as("Dana").approves(asked);
      await story.as("Eve").rejects(asked);

      await expect(story.as("Ada").approves(asked)).rejects.toMatchObject({ code: "refused" });

      await isUntouched(story);
    });
  });

  it("is not somebody's whose matter it is not", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);

      await expect(story.as("Max").rejects(asked)).rejects.toMatchObject({ code: "not-permitted" });

      expect(story.asked().approval.rejected).toBeUndefined();
    });
  });

  it("also keeps rollwatch from acting by itself, when it might by then", async () => {
    await withScenario(COOLING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("closed"));
      await story.install("bad-3", "answers 500");
      await story.passesUntil(is("approval-asked"));

      await story.as("Ada").rejects(story.asked());

      await story.passes("4m");
      expect(story.blocks()).toEqual({});
      expect(story.begun()).toHaveLength(1);
      expect(await story.read("server/release")).toBe("bad-3");
    });
  });
});

describe("a plan that waits", () => {
  it("gives way when rollwatch may act by itself", async () => {
    await withScenario(COOLING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("closed"));
      await story.install("bad-3", "answers 500");
      await story.passesUntil(is("approval-asked"));
      expect(Object.keys(story.blocks())).toEqual(["cooldown"]);

      await story.passesUntil(is("closed"));

      expect(story.asked().ended).toMatchObject({ result: "cancelled" });
      expect(story.begun().map((one) => one.ended?.result)).toEqual(["completed", "completed"]);
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("is not begun when rollwatch dies before it asked: people are asked anew", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      story.diesBefore(is("approval-asked"));
      await story.passes("20s");
      await story.stopsRollwatch();

      await story.startsRollwatch();
      await story.passes("1m");

      await isUntouched(story);
      expect(story.begun()).toEqual([]);
      expect(story.history().recoveries.map((one) => one.ended?.reason)).toEqual([
        "rollwatch died before it asked anybody",
        undefined,
      ]);
      expect(story.told()).toEqual(["recommended"]);
    });
  });

  it.each(["approval-asked", "notice-queued"] as const)(
    "goes on waiting after a restart of rollwatch since %s, and is told once",
    async (last) => {
      await withScenario(ASKING, async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");
        await story.passesUntil(is(last));
        await story.stopsRollwatch();
        await story.startsRollwatch();
        await story.passes("20s");

        await story.as("Ada").approves(story.asked());
        await story.passesUntil(is("closed"));

        expect(story.history().recoveries).toHaveLength(1);
        expect(story.told().filter((reason) => reason === "recommended")).toHaveLength(1);
        expect(story.pm2.calls).toEqual(EFFECTS);
      });
    },
  );
});

describe("rollwatch, killed between an approval and the beginning,", () => {
  it("goes on with it once when it is started again", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);
      story.diesBefore(is("recovery-started"));
      await story.as("Ada").approves(asked);
      await story.passes("5s");
      await story.stopsRollwatch();
      expect(story.pm2.calls).toEqual([]);

      await story.startsRollwatch();
      await story.passesUntil(is("closed"));
      await story.passes("20s");

      expect(story.history().recoveries.map((one) => one.plan.id)).toEqual([asked.plan.id]);
      expect(story.pm2.calls).toEqual(EFFECTS);
      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("does not begin it after it was away for long: people are asked anew", async () => {
    await withScenario(ASKING, async (story) => {
      const asked = await asks(story);
      story.diesBefore(is("recovery-started"));
      await story.as("Ada").approves(asked);
      await story.passes("5s");
      await story.stopsRollwatch();
      await story.clock.stall(20 * 60_000);

      await story.startsRollwatch();
      await story.passes("30s");

      await isUntouched(story);
      const [first, second] = story.history().recoveries;
      expect(first?.ended?.reason).toContain("ago, and rollwatch was away");
      expect(second?.approval?.given).toEqual([]);
    });
  });
});
