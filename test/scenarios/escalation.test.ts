import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/model/notice.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy, Unlike } from "../support/story-config.ts";

/** Sam is senior management, Xi an executive; usually they are called after 15 and 30 minutes. */
const CALLED: Unlike = {
  notify: {
    channels: { log: { kind: "log" }, senior: { kind: "log" }, top: { kind: "log" } },
    updates: "0s",
  },
  people: {
    contacts: [
      { name: "Sam", roles: ["senior-management"], channels: ["senior"] },
      { name: "Xi", roles: ["executives"], channels: ["top"] },
    ],
    escalation: { second: "60s", third: "120s" },
  },
};

function asking(tier: "immediate" | "fast" | "planned" = "immediate"): Policy {
  return {
    triggers: { "system-down": { mode: "recommend", tier } },
    approval: { expires: "2h", askAgain: "0s" },
  };
}

async function asks(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil((fact) => fact.kind === "incident-opened");
}

function calls(story: Scenario): readonly Notice[] {
  return story
    .facts()
    .flatMap((fact) => (fact.kind === "notice-queued" ? [fact.notice] : []))
    .filter(({ reason }) => reason === "escalated");
}

function levels(story: Scenario): readonly unknown[] {
  return calls(story).map(({ level, channels }) => [level, channels]);
}

const SECOND = [2, ["log", "senior"]];
const THIRD = [3, ["log", "senior", "top"]];

describe("while nobody acknowledges an incident", () => {
  it("senior management is called, and then the executives, once each", async () => {
    await withScenario(
      asking(),
      async (story) => {
        await asks(story);

        await story.passes("45s");
        const early = levels(story);
        await story.passes("30s");
        const second = levels(story);
        await story.passes("5m");

        expect(early).toEqual([]);
        expect(second).toEqual([SECOND]);
        expect(levels(story)).toEqual([SECOND, THIRD]);
        const [first, last] = calls(story);
        expect(first?.urgency).toBe("page");
        expect(first?.text).toContain("Called now: senior management (Sam).");
        expect(first?.text).toMatch(/the executives are called in .* if nobody does/u);
        expect(last?.text).toContain("Called now: the executives (Xi).");
      },
      CALLED,
    );
  });

  it("whoever was called hears how it goes on", async () => {
    await withScenario(
      asking(),
      async (story) => {
        await asks(story);
        await story.passes("75s");

        await story.as("Ada").approves(story.asked());
        await story.passesUntil((fact) => fact.kind === "closed");

        const { channels } = story.notice("rollback-verified");
        expect(channels).toEqual(["log", "senior"]);
      },
      CALLED,
    );
  });

  it.each([
    ["fast", [SECOND]],
    ["planned", []],
  ] as const)("those of the %s tier go as far up as they deserve", async (tier, expected) => {
    await withScenario(
      asking(tier),
      async (story) => {
        await asks(story);

        await story.passes("5m");

        expect(levels(story)).toEqual(expected);
      },
      CALLED,
    );
  });

  it("a restart of rollwatch neither forgets it nor calls twice", async () => {
    await withScenario(
      asking(),
      async (story) => {
        await asks(story);
        await story.passes("75s");

        await story.stopsRollwatch();
        await story.startsRollwatch();
        await story.passes("75s");
        await story.stopsRollwatch();
        await story.startsRollwatch();
        await story.passes("75s");

        expect(levels(story)).toEqual([SECOND, THIRD]);
      },
      CALLED,
    );
  });

  it.each([-5, 5])(
    "a clock that is set by %i hours calls nobody sooner or later",
    async (hours) => {
      await withScenario(
        asking(),
        async (story) => {
          await asks(story);
          story.clock.jumpWall(hours * 3_600_000);

          await story.passes("30s");
          const early = levels(story);
          await story.passes("45s");

          expect(early).toEqual([]);
          expect(levels(story)).toEqual([SECOND]);
        },
        CALLED,
      );
    },
  );
});

describe("nobody is called any more", () => {
  it.each([
    ["somebody acknowledged", async (story) => story.as("Max").acknowledges(idOf(story))],
    ["somebody rejected", async (story) => story.as("Ada").rejects(story.asked())],
    [
      "somebody declared maintenance",
      async (story) => story.as("operator").startsMaintenance("1h"),
    ],
  ] as readonly [string, (story: Scenario) => Promise<unknown>][])(
    "once %s",
    async (_what, act) => {
      await withScenario(
        asking(),
        async (story) => {
          await asks(story);
          await story.passes("75s");

          await act(story);
          await story.passes("5m");

          expect(levels(story)).toEqual([SECOND]);
        },
        CALLED,
      );
    },
  );

  it.each(["shadow", "off"] as const)("and nobody at all in mode %s", async (mode) => {
    await withScenario(
      { triggers: { "system-down": { mode } } },
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");

        await story.passes("5m");

        expect(levels(story)).toEqual([]);
      },
      CALLED,
    );
  });

  it("and only the rollback team again where those of the level have no channel", async () => {
    await withScenario(
      asking(),
      async (story) => {
        await asks(story);

        await story.passes("75s");

        expect(levels(story)).toEqual([[2, ["log"]]]);
        expect(calls(story)[0]?.text).toContain("the rollback team is called again");
      },
      { ...CALLED, people: { escalation: { second: "60s", third: "0s" } } },
    );
  });
});

function idOf(story: Scenario): string {
  return story.history().incidents.at(-1)?.id ?? "none";
}
