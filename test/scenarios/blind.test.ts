import { describe, expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";
import type { Unlike } from "../support/story-config.ts";
import { HEALTH, METRICS } from "../support/story-world.ts";

const HEALTH_SIGNAL = {
  name: "health",
  trigger: "system-down",
  probe: { kind: "http", url: HEALTH },
} as const;
const BLINDNESS = {
  name: "blindness",
  trigger: "monitoring-broken",
  probe: { kind: "blindness" },
} as const;
/** Of a page that nobody uses: too few requests to say anything. */
const QUIET = {
  name: "errors",
  trigger: "error-rate",
  probe: { kind: "scrape", measure: "errors", url: METRICS },
  limit: 0.05,
  window: "10s",
  minSamples: 20,
} as const;
const unlike: Unlike = { signals: [HEALTH_SIGNAL, QUIET, BLINDNESS] };

describe("rollwatch itself", () => {
  it("does not see for two minutes: somebody is woken, and nothing is done even where everything may be", async () => {
    const policy = {
      triggers: { "system-down": { mode: "auto" }, "monitoring-broken": { mode: "auto" } },
    } as const;
    await withScenario(
      policy,
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("new-2", "works");
        await story.passes("10s");

        story.setSurroundings("throttle rollwatch");
        await story.passes("110s");
        expect(story.history().incidents).toEqual([]);
        await story.passes("40s");

        expect(story.incident()).toMatchObject({
          trigger: "monitoring-broken",
          signals: ["blindness"],
        });
        expect(story.incident().evidence.join("\n")).toContain("health for");
        expect(story.blocks()["evidence"]).toContain("blindness alone");
        expect(story.begun()).toEqual([]);
        expect(story.told()).toEqual(["recommended"]);
        expect(story.notice("recommended").urgency).toBe("page");

        story.setSurroundings("fine");
        await story.passes("10m");
        expect(story.incident().closed).toBeDefined();
      },
      unlike,
    );
  });

  it("wakes somebody also where nothing was changed, which other monitoring only tells", async () => {
    await withScenario(
      { triggers: { "monitoring-broken": { mode: "recommend" } } },
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await story.passes("10s");

        story.setSurroundings("throttle rollwatch");
        await story.passes("3m");

        expect(story.told()).toEqual(["held"]);
        expect(story.notice("held").urgency).toBe("page");
      },
      unlike,
    );
  });

  it("is not blind for want of traffic, nor while a person has the service stopped, nor after a deployment", async () => {
    await withScenario(
      { triggers: { "monitoring-broken": { mode: "recommend" } } },
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await story.passes("3m");
        story.stop("api");
        await story.passes("4m");
        await story.install("good-2", "works");
        await story.passes("3m");

        expect(story.history().incidents).toEqual([]);
      },
      unlike,
    );
  });

  it("says nothing of its blindness where no signal asks for it", async () => {
    await withScenario(
      {},
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        story.setSurroundings("throttle rollwatch");
        await story.passes("5m");

        expect(story.history().incidents).toEqual([]);
      },
      { signals: [HEALTH_SIGNAL] },
    );
  });
});
