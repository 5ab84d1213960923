import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy } from "../support/story-config.ts";

const LIVE = new AbortController().signal;
const SHADOW: Policy = { triggers: { "system-down": { mode: "shadow" } } };
const ASKING: Policy = { triggers: { "system-down": { mode: "recommend" } } };
const EFFECTS = ["stop 2", "stop 1", "stop 0", "restart 0", "restart 1", "restart 2"];

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** Two good releases, one after the other; the second one runs. */
async function hasTwo(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("good-2", "works");
  await story.passesUntil(is("release-proven"));
}

async function isUntouched(story: Scenario): Promise<void> {
  await story.passes("10s");
  expect(story.pm2.calls).toEqual([]);
  expect(story.history().incidents).toEqual([]);
  expect(story.history().recoveries).toEqual([]);
}

describe("a rollback by hand", () => {
  it("needs no breach: it goes back to the last proven release, and is proven", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);

      const begun = await story.as("operator").rollsBack();
      await story.passesUntil(is("closed"));

      const [first] = story.history().releases;
      expect(story.recovery()).toMatchObject({
        plan: { id: begun.plan, incident: begun.incident, target: first?.id },
        verification: { result: "proven" },
        ended: { result: "completed" },
      });
      expect(story.recovery().plan.requestedBy).toBe("operator");
      expect(story.incident()).toMatchObject({
        id: begun.incident,
        reported: { by: "operator", reason: "so it is" },
        closed: { outcome: "rolled-back" },
      });
      expect(story.pm2.calls).toEqual(EFFECTS);
      expect(await story.read("server/release")).toBe("good-1");
      expect(story.told()).toEqual(["rollback-started", "rollback-verified"]);
    });
  });

  it("goes to the release that is named", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      await story.install("good-3", "works");
      await story.passesUntil(is("release-proven"));
      const [first] = story.history().releases;

      await story.as("operator").rollsBack(first?.id);
      await story.passesUntil(is("closed"));

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it.each([
    ["while rollwatch is paused", "pauses"],
    ["in maintenance", "startsMaintenance"],
  ] as const)("is done %s: who asks for it is there", async (_when, brakes) => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      await story.as("operator")[brakes]("1h");

      await story.as("operator").rollsBack();
      await story.passesUntil(is("closed"));

      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("is done in shadow mode, and joins the incident that is open", async () => {
    await withScenario(SHADOW, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("decided"));
      const open = story.incident().id;

      const begun = await story.as("operator").rollsBack();
      await story.passesUntil(is("closed"));

      expect(begun.incident).toBe(open);
      expect(story.history().incidents).toHaveLength(1);
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("takes the place of the plan that waits", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("approval-asked"));
      const asked = story.asked();

      await story.as("operator").rollsBack();

      await expect(story.as("Ada").approves(asked)).rejects.toMatchObject({ code: "refused" });
      await story.passesUntil(is("closed"));
      expect(story.asked().ended?.reason).toBe("operator asked for another plan");
      expect(story.begun()).toHaveLength(1);
      expect(story.pm2.calls).toEqual(EFFECTS);
    });
  });

  it("whose release is not well is a person's to go on with", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      await story.as("operator").rollsBack();
      await story.passesUntil(
        (fact) => fact.kind === "step-finished" && fact.step === "prove-identity",
      );
      story.setSurroundings("make it answer 500");

      await story.passesUntil(is("recovery-ended"));
      await story.passes("30s");

      expect(story.recovery()).toMatchObject({
        verification: { result: "not-proven" },
        ended: { result: "needs-human" },
      });
      expect(story.begun()).toHaveLength(1);
      expect(story.notice("rollback-unverified").urgency).toBe("page");
    });
  });

  it("goes on once after rollwatch was killed before it began", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      story.diesBefore(is("recovery-started"));
      await story.as("operator").rollsBack();
      await story.passes("5s");
      await story.stopsRollwatch();

      await story.startsRollwatch();
      await story.passesUntil(is("closed"));

      expect(story.history().recoveries).toHaveLength(1);
      expect(story.pm2.calls).toEqual(EFFECTS);
    });
  });
});

describe("a restart by hand", () => {
  it("restarts the services that are named, and no other", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");

      await story.as("operator").restarts("importer");
      await story.passesUntil(is("closed"));

      expect(story.pm2.calls).toEqual(["restart 1"]);
      expect(story.incident().closed?.outcome).toBe("serviced");
      expect(story.told()).toEqual(["restart-started", "serviced"]);
    });
  });

  it("uses up nothing of what rollwatch may restart by itself", async () => {
    await withScenario(
      { triggers: { "system-down": { mode: "auto", blameWindow: "30s" } } },
      async (story) => {
        await story.beginsProven("good-1");
        await story.as("operator").restarts("api");
        await story.passesUntil(is("closed"));
        await story.passes("1m");
        story.setSurroundings("jam its process");

        await story.passesUntil(is("closed"));

        expect(story.pm2.calls).toEqual(["restart 0", "restart 0"]);
        expect(story.incident().closed?.outcome).toBe("serviced");
      },
    );
  });
});

describe("what is asked for by hand is refused", () => {
  it("while somebody is at work in git", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      story.git.setBusy("index.lock is there");

      const asking = story.as("operator").rollsBack();

      await expect(asking).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("index.lock is there"),
      });
      await isUntouched(story);
    });
  });

  it("while pm2 does not know a service", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      story.pm2.remove("cleaner");

      const asking = story.as("operator").rollsBack();

      await expect(asking).rejects.toMatchObject({
        message: expect.stringContaining("pm2 does not know cleaner"),
      });
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("where the capture was tampered with", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);
      const [release] = story.history().releases;
      const tree = `../state/releases/${release?.id ?? ""}/tree`;
      await story.write(`${tree}/server/main.js`, "not what was captured");
      await story.passes("70s");

      await expect(story.as("operator").rollsBack()).rejects.toMatchObject({ code: "refused" });

      await isUntouched(story);
    });
  });

  it("where there is nothing to go back to", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");

      const asking = story.as("operator").rollsBack();

      await expect(asking).rejects.toMatchObject({ code: "catalogue-empty" });
      await isUntouched(story);
    });
  });

  it("where no such release was captured", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);

      const asking = story.as("operator").rollsBack("rel-20200101T000000-nobody");

      await expect(asking).rejects.toBeInstanceOf(Error);
      await isUntouched(story);
    });
  });

  it.each([
    ["no service is named", []],
    ["ghost is not configured", ["ghost"]],
    ["cleaner is stopped", ["cleaner"]],
  ])("for a restart: %s", async (reason, services) => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      story.stop("cleaner");
      await story.passes("5s");

      const asking = story.as("operator").restarts(...services);

      await expect(asking).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining(reason),
      });
      await isUntouched(story);
      const [cleaner] = await story.pm2.services(["cleaner"], LIVE);
      expect(cleaner?.instances).toMatchObject([{ status: "stopped" }]);
    });
  });

  it("as the second of two at the same moment: one is done", async () => {
    await withScenario({}, async (story) => {
      await hasTwo(story);

      const answers = await Promise.allSettled([
        story.as("operator").rollsBack(),
        story.as("Ada").rollsBack(),
        story.as("operator").restarts("importer"),
      ]);
      await story.passesUntil(is("closed"));

      expect(answers.map((one) => one.status).toSorted()).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
      ]);
      expect(story.history().recoveries).toHaveLength(1);
      expect(story.history().incidents).toHaveLength(1);
    });
  });

  it("because something else was deployed meanwhile, and leaves no incident open", async () => {
    await withScenario(
      {},
      async (story) => {
        await hasTwo(story);
        story.setCopyTime(10_000);
        await story.as("operator").rollsBack();
        await story.passesUntil(is("step-started"));

        await story.install("good-3", "works");
        await story.passesUntil(is("closed"));

        expect(story.recovery().ended).toMatchObject({ result: "cancelled" });
        expect(story.incident().closed).toMatchObject({ outcome: "held" });
        await story.passes("10s");
        expect(story.told()).toEqual(["rollback-started", "rollback-cancelled"]);
      },
      { warm: false },
    );
  });

  it("while rollwatch's own rollback is being prepared", async () => {
    await withScenario(
      {},
      async (story) => {
        story.setCopyTime(10_000);
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");
        await story.passesUntil(is("step-started"));

        const asking = story.as("operator").restarts("importer");

        await expect(asking).rejects.toMatchObject({
          code: "refused",
          message: expect.stringContaining("is being carried out"),
        });
        await story.passesUntil(is("closed"));
        expect(story.pm2.calls).toEqual(EFFECTS);
      },
      { warm: false },
    );
  });
});
