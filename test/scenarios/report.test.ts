import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { withScenario } from "../support/scenario.ts";
import type { Policy } from "../support/story-config.ts";

const LIVE = new AbortController().signal;
const ASKING: Policy = {
  triggers: { "user-interface": { mode: "recommend" }, "system-down": { mode: "auto" } },
};

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

describe("a person's report", () => {
  it("opens an incident and asks those who decide about it; approved, it ends with the rollback", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("10s");

      const id = await story.as("Bo").reports("user-interface");
      await story.passesUntil(is("approval-asked"));

      expect(story.incident()).toMatchObject({
        id,
        trigger: "user-interface",
        tier: "planned",
        signals: [],
        reported: { by: "Bo", reason: "so it is" },
      });
      expect(story.asked().approval.roles).toEqual(["project-manager"]);
      expect(story.told()).toEqual(["reported", "recommended"]);
      await story.passes("2m");
      expect(story.incident().closed).toBeUndefined();

      await story.as("Pat").approves(story.asked());
      await story.passesUntil(is("closed"));
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("never makes rollwatch act by itself, whatever the mode", async () => {
    await withScenario({ triggers: { "user-interface": { mode: "auto" } } }, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("10s");

      await story.as("Bo").reports("user-interface");
      await story.passes("1m");

      expect(story.blocks()).toEqual({ evidence: expect.stringContaining("report") });
      expect(story.begun()).toEqual([]);
    });
  });

  it("while nothing was changed is only told, and stays until a person closes it", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      const id = await story.as("Bo").reports("user-interface");
      await story.passes("3m");
      expect(story.told()).toEqual(["reported", "held"]);
      expect(story.notice("held").urgency).toBe("tell");
      expect(story.incident().closed).toBeUndefined();

      await story.as("operator").closes(id);

      expect(story.incident().closed).toMatchObject({ by: "operator", reason: "so it is" });
      await story.passes("30s");
      expect(story.history().incidents).toHaveLength(1);
    });
  });

  it("takes the plan that waits for it along when it is closed", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("10s");
      const id = await story.as("Bo").reports("user-interface");
      await story.passesUntil(is("approval-asked"));

      await story.as("operator").closes(id);

      expect(story.asked().ended?.reason).toBe("operator closed the incident");
      await expect(story.as("Pat").approves(story.asked())).rejects.toMatchObject({
        code: "refused",
      });
      await story.passes("20s");
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("during an open incident is a note on it", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      const first = await story.as("Bo").reports("user-interface");

      const second = await story.as("Pat").reports("minor-functionality");

      expect(second).toBe(first);
      expect(story.history().incidents).toHaveLength(1);
      expect(story.incident()).toMatchObject({
        trigger: "user-interface",
        notes: [{ by: "Pat", text: "reported minor-functionality: so it is" }],
      });
    });
  });

  it("is overtaken by what the probes prove: that is acted on", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "works");
      await story.passes("10s");
      await story.as("Bo").reports("user-interface");
      await story.passesUntil(is("approval-asked"));

      await story.write("server/main.js", "answers 500");
      await story.passesUntil(is("closed"));

      expect(story.incident()).toMatchObject({
        trigger: "system-down",
        closed: { outcome: "rolled-back" },
      });
      expect(story.begun()).toHaveLength(1);
    });
  });

  it("is asked about once: what nobody decided in time is told, and not asked again", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("10s");
      await story.as("Bo").reports("user-interface");

      await story.passes("70m");

      expect(story.told()).toEqual(["reported", "recommended", "approval-expired"]);
      expect(story.history().recoveries).toHaveLength(1);
      expect(story.incident().closed).toBeUndefined();
    });
  });

  it("that stood before a deployment keeps rollwatch from nothing that the deployment breaks", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.as("Bo").reports("user-interface");
      await story.passes("2m");

      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("closed"));

      expect(story.incident()).toMatchObject({
        trigger: "system-down",
        closed: { outcome: "rolled-back" },
      });
    });
  });

  it("outlives a restart of rollwatch", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("10s");
      await story.as("Bo").reports("user-interface");
      await story.stopsRollwatch();
      await story.startsRollwatch();

      await story.passesUntil(is("approval-asked"));

      expect(story.history().incidents).toHaveLength(1);
    });
  });
});

describe("people's words on an incident", () => {
  it("are kept with it and shown, also when it is closed", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      const id = await story.as("Bo").reports("user-interface");
      await story.as("Ada").acknowledges(id);
      await story.as("operator").closes(id);
      await story.as("Pat").notes(id, "the logo was upside down");
      await story.as("Pat").labels(id, "right");

      const report = await story.operations.incident(id, LIVE);

      expect(story.incident()).toMatchObject({
        acknowledged: { by: "Ada" },
        label: { by: "Pat", label: "right" },
        notes: [{ by: "Pat", text: "the logo was upside down" }],
      });
      expect(JSON.stringify(report)).toContain("the logo was upside down");
      await expect(story.as("operator").closes(id)).rejects.toMatchObject({ code: "refused" });
      await expect(story.as("Ada").acknowledges(id)).rejects.toMatchObject({ code: "refused" });
    });
  });

  it("on an incident that nobody knows are refused", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");

      const noting = story.as("Pat").notes("inc-20200101T000000-nobody", "what?");

      await expect(noting).rejects.toMatchObject({ code: "incident-unknown" });
    });
  });

  it("do not end one while its rollback is being carried out", async () => {
    await withScenario(ASKING, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("step-started"));

      const closing = story.as("operator").closes(story.incident().id);

      await expect(closing).rejects.toMatchObject({ code: "refused" });
      await story.passesUntil(is("closed"));
      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });
});
