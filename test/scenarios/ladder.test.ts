import { describe, expect, it } from "vitest";
import { type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy } from "../support/story-config.ts";
import { HEALTH, METRICS, PAGE } from "../support/story-world.ts";

const LIVE = new AbortController().signal;
const HOUR_MS = 60 * 60_000;

/** What the story installs is soon too old to be blamed. */
const UNCHANGED: Policy = { triggers: { "system-down": { mode: "auto", blameWindow: "30s" } } };

/** A page of the application that is too slow, and the answer of the application itself. */
const GROWING = {
  signals: [
    {
      name: "page",
      trigger: "slow-responses",
      probe: { kind: "http", url: PAGE },
      service: "api",
    },
    { name: "health", trigger: "system-down", probe: { kind: "http", url: HEALTH } },
  ],
} as const;

function modes(slow: "recommend" | "auto", down: "recommend" | "auto"): Policy {
  return { triggers: { "slow-responses": { mode: slow }, "system-down": { mode: down } } };
}

function unlike({ signals }: typeof GROWING): { readonly signals: (typeof signals)[number][] } {
  return { signals: [...signals] };
}

/** Its one process hangs until somebody starts it again. */
async function jams(story: Scenario): Promise<void> {
  story.setSurroundings("jam its process");
  await story.passesUntil((fact) => fact.kind === "decided");
}

async function isServiced(story: Scenario): Promise<void> {
  await jams(story);
  await story.passesUntil((fact) => fact.kind === "closed");
  expect(story.incident().closed?.outcome).toBe("serviced");
}

describe("a release that may still be starting", () => {
  it("is decided about as soon as its time to start is over, and nobody is woken before", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1500ms");
      const begun = story.clock.now();

      await story.install("bad-2", "answers 500");
      await story.passesUntil((fact) => fact.kind === "decided");
      const [first] = story.incident().decisions;
      await story.passesUntil((fact) => fact.kind === "planned");

      expect(first?.guards.find((one) => one.guard === "booted")?.answer).toBe("block");
      expect(story.clock.now() - begun).toBeGreaterThanOrEqual(10_000);
      expect(story.clock.now() - begun).toBeLessThan(12_000);
      expect(story.told()).not.toContain("held");
    });
  });
});

describe("a fault while nothing was changed in the blame window", () => {
  it("is answered with one restart of the accused service, which is proven and told", async () => {
    await withScenario(UNCHANGED, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1m");
      story.setSurroundings("jam its process");

      await story.passesUntil((fact) => fact.kind === "closed");
      await story.passes("1m");

      expect(story.pm2.calls).toEqual(["restart 0"]);
      expect(story.recovery()).toMatchObject({
        plan: { scope: "service", target: null, requestedBy: "policy" },
        verification: { result: "proven" },
        ended: { result: "completed" },
      });
      expect(story.incident().closed?.outcome).toBe("serviced");
      expect(story.told()).toEqual(["restart-started", "serviced"]);
      expect(story.history().incidents).toHaveLength(1);
    });
  });

  it("is left to a person when the restart does not help: it is not repeated", async () => {
    await withScenario(UNCHANGED, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1m");
      story.setSurroundings("make it answer 500");

      await story.passesUntil((fact) => fact.kind === "recovery-ended");
      await story.passes("2m");

      expect(story.pm2.calls).toEqual(["restart 0"]);
      expect(story.recovery().ended?.result).toBe("needs-human");
      expect(Object.keys(story.blocks())).toContain("not-restarted-before");
      expect(story.told().slice(0, 2)).toEqual(["restart-started", "restart-unhelpful"]);
      expect(story.notice("restart-unhelpful").urgency).toBe("page");

      story.setSurroundings("fine");
      await story.passesUntil((fact) => fact.kind === "closed");
      expect(story.incident().closed?.outcome).toBe("failed");
    });
  });

  it("is asked about when a service was restarted in the last hour already", async () => {
    await withScenario(UNCHANGED, async (story) => {
      await story.beginsProven("good-1");
      await isServiced(story);
      await story.clock.stall(HOUR_MS / 2);
      await story.passes("10s");

      await jams(story);
      await story.passes("10s");

      expect(story.blocks()).toEqual({ "restart-budget": expect.stringContaining("1 of 1") });
      expect(story.asked().plan.scope).toBe("service");
      expect(story.told().slice(2)).toEqual(["recommended"]);
      expect(story.pm2.calls).toEqual(["restart 0"]);
    });
  });

  it("is asked about when a service was restarted three times in a day already", async () => {
    await withScenario(UNCHANGED, async (story) => {
      await story.beginsProven("good-1");
      for (let time = 1; time <= 3; time += 1) {
        await isServiced(story);
        await story.clock.stall(HOUR_MS);
        await story.passes("10s");
      }

      await jams(story);
      await story.passes("10s");

      expect(story.blocks()).toEqual({ "restart-budget": expect.stringContaining("3 of 3") });
      expect(story.pm2.calls).toEqual(["restart 0", "restart 0", "restart 0"]);
    });
  });

  it("starts no service that a person stopped", async () => {
    await withScenario(UNCHANGED, async (story) => {
      await story.beginsProven("good-1");
      story.stop("importer");
      await story.passes("1m");

      await isServiced(story);

      const [importer] = await story.pm2.services(["importer"], LIVE);
      expect(importer?.instances).toMatchObject([{ status: "stopped" }]);
      expect(story.pm2.calls).toEqual(["restart 0"]);
    });
  });

  it("is a person's where the trigger's row says so", async () => {
    await withScenario(
      { triggers: { "slow-responses": { mode: "auto" } } },
      async (story) => {
        await story.beginsProven("good-1");
        story.setSurroundings("take the page down");

        await story.passes("1m");

        expect(story.incident()).toMatchObject({ trigger: "slow-responses", plans: [] });
        expect(Object.keys(story.blocks())).toContain("change-in-blame-window");
        expect(story.told()).toEqual(["held"]);
        expect(story.notice("held").urgency).toBe("page");
        expect(story.pm2.calls).toEqual([]);
      },
      { signals: [GROWING.signals[0]] },
    );
  });

  it("may be approved where a person decides, and is a restart then", async () => {
    await withScenario(
      { triggers: { "system-down": { mode: "recommend", blameWindow: "30s" } } },
      async (story) => {
        await story.beginsProven("good-1");
        story.setSurroundings("jam its process");
        await story.passesUntil((fact) => fact.kind === "approval-asked");

        await story.as("Ada").approves(story.asked());
        await story.passesUntil((fact) => fact.kind === "closed");

        expect(story.incident().closed?.outcome).toBe("serviced");
        expect(story.pm2.calls).toEqual(["restart 0"]);
        expect(story.told()).toEqual([
          "recommended",
          "approval-given",
          "restart-started",
          "serviced",
        ]);
      },
    );
  });
});

describe("the same fault soon after a change", () => {
  it("is answered by going back: a restart would only start it again", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "works");
      await story.passes("10s");
      story.setSurroundings("jam its process");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(story.begun().map(({ plan }) => plan.scope)).toEqual(["application"]);
      expect(await story.read("server/release")).toBe("good-1");
    });
  });
});

describe("rollwatch, started again in the middle of a restart,", () => {
  it.each(["planned", "recovery-started", "step-started", "verified", "recovery-ended", "closed"])(
    "after it died before %s, brings it to its end, with one restart",
    async (point) => {
      await withScenario(UNCHANGED, async (story) => {
        await story.beginsProven("good-1");
        await story.passes("1m");
        story.diesBefore((fact) => fact.kind === point);
        story.setSurroundings("jam its process");
        await story.passes("40s");
        await story.stopsRollwatch();
        await story.startsRollwatch();

        await story.passes("40s");

        expect(story.incident().closed?.outcome).toBe("serviced");
        expect(story.pm2.calls).toEqual(["restart 0"]);
        expect(story.told()).toEqual(["restart-started", "serviced"]);
      });
    },
  );
});

describe("an incident that grows", () => {
  it("into a graver trigger acts by itself where that may, in place of the plan that waits", async () => {
    await withScenario(
      modes("recommend", "auto"),
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "works");
        story.setSurroundings("take the page down");
        await story.passesUntil((fact) => fact.kind === "approval-asked");
        expect(story.asked().approval.roles).toEqual(["devops-engineer"]);

        await story.write("server/main.js", "answers 500");
        await story.passesUntil((fact) => fact.kind === "recovery-started");
        story.setSurroundings("fine");
        await story.passesUntil((fact) => fact.kind === "closed");

        expect(story.incident()).toMatchObject({
          trigger: "system-down",
          tier: "immediate",
          signals: ["page", "health"],
          closed: { outcome: "rolled-back" },
        });
        expect(story.history().incidents).toHaveLength(1);
        expect(story.asked().ended?.result).toBe("cancelled");
        expect(story.begun()).toHaveLength(1);
        expect(await story.read("server/release")).toBe("good-1");
      },
      unlike(GROWING),
    );
  });

  it("into a graver trigger is asked about anew, whoever said no before", async () => {
    await withScenario(
      modes("recommend", "recommend"),
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "works");
        story.setSurroundings("take the page down");
        await story.passesUntil((fact) => fact.kind === "approval-asked");
        await story.as("Bo").rejects(story.asked());

        await story.write("server/main.js", "answers 500");
        await story.passesUntil((fact) => fact.kind === "approval-asked");

        expect(story.asked().approval.roles).toEqual(["system-administrator"]);
        expect(story.begun()).toEqual([]);
      },
      unlike(GROWING),
    );
  });

  it("while a plan waits asks those who decide about what it has become", async () => {
    await withScenario(
      modes("recommend", "recommend"),
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "works");
        story.setSurroundings("take the page down");
        await story.passesUntil((fact) => fact.kind === "approval-asked");
        const first = story.asked();

        await story.write("server/main.js", "answers 500");
        await story.passesUntil((fact) => fact.kind === "approval-asked");

        expect(story.asked().approval.roles).toEqual(["system-administrator"]);
        await expect(story.as("Bo").approves(first)).rejects.toMatchObject({ code: "refused" });
        expect(story.begun()).toEqual([]);
      },
      unlike(GROWING),
    );
  });
});

describe("an application that nobody uses", () => {
  it("has its release proven, and a rollback, although what counts requests cannot say anything", async () => {
    const probe = { kind: "scrape", url: METRICS, measure: "errors" } as const;
    const counted = { trigger: "error-rate", limit: "5%", window: "10s", minSamples: 20 } as const;
    await withScenario(
      {},
      async (story) => {
        await story.beginsProven("good-1");
        await story.passes("30s");
        const { signals } = await story.operations.status(LIVE);
        await story.install("bad-2", "answers 500");

        await story.passesUntil((fact) => fact.kind === "closed");

        expect(signals.map((one) => [one.name, one.state])).toEqual([
          ["health", "ok"],
          ["errors", "too-few-samples"],
        ]);
        expect(story.recovery().verification?.result).toBe("proven");
        expect(story.incident().closed?.outcome).toBe("rolled-back");
      },
      { signals: [GROWING.signals[1], { name: "errors", probe, ...counted }] },
    );
  });
});
