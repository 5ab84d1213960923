import { appendFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { type Footprint, slopeOf, takeFootprint } from "./footprint.ts";
import { befall, mishapsFor } from "./mishaps.ts";

const { SOAK_TICKS = "400", SOAK_SEED = "1", SOAK_REPORT: report } = process.env;
const TICKS = Number(SOAK_TICKS);
/** A run of this length says something about memory; below, what is loaded late outweighs it. */
const LONG_TICKS = 5000;
const LOOKS = 20;
/** More than the notes of a story, less than what would fill a memory in a month of ticks. */
const FLAT_MIB_PER_1000_TICKS = 0.5;
const MOST_MS = 60 * 60_000;

/** What must be so after every mishap. */
function wrongIn(facts: readonly Entry["fact"][]): readonly string[] {
  const wrong: string[] = [];
  const running = new Set<string>();
  let incidents = 0;
  for (const fact of facts) {
    if (fact.kind === "recovery-started") {
      running.add(fact.plan);
    } else if (fact.kind === "recovery-ended") {
      running.delete(fact.plan);
    } else if (fact.kind === "incident-opened") {
      incidents += 1;
    } else if (fact.kind === "closed") {
      incidents = Math.max(incidents - 1, 0);
    }
    if (running.size > 1) {
      wrong.push(`two recoveries at once: ${[...running].join(", ")}`);
    }
    if (incidents > 1) {
      wrong.push("two incidents at once");
    }
  }
  return wrong;
}

/** The most of the first half: later there is to be no more. */
function mostOf(looks: readonly Footprint[], what: "descriptors" | "resources"): number {
  return Math.max(...looks.slice(0, Math.ceil(looks.length / 2)).map((one) => one[what]));
}

/** Nothing waits and nothing is under way: everything is well, and time passes. */
async function comesToRest(story: Scenario): Promise<void> {
  story.setSurroundings("fine");
  await story.install("good-rest", "works");
  await story.passes("5m");
}

describe("a day of mishaps", { timeout: MOST_MS }, () => {
  // Over many lives what prom-client measures of Node itself stays in the process, which a real restart ends: memory is no matter there.
  it.each(["one", "many"] as const)(
    `of ${TICKS} ticks in %s of its lives leaves rollwatch well, and no larger`,
    async (lives) => {
      const mishaps = mishapsFor(Number(SOAK_SEED), TICKS, lives);
      const looks: Footprint[] = [];
      const wrong: string[] = [];
      await withScenario(
        {},
        async (story) => {
          await story.beginsProven("good-0");
          const before = await takeFootprint();
          const timersBefore = story.clock.pending();
          for (const [nth, mishap] of mishaps.entries()) {
            await befall(story, mishap, nth);
            wrong.push(...wrongIn(story.facts()));
            if (nth % Math.ceil(mishaps.length / LOOKS) === 0) {
              looks.push(await takeFootprint());
            }
          }
          await comesToRest(story);
          const after = await takeFootprint();
          const status = await story.operations.status(new AbortController().signal);
          const timersAfter = story.clock.pending();

          note({ lives, before, looks, after, timersBefore, timersAfter });
          expect(wrong).toEqual([]);
          expect(status.verdict?.kind).toBe("healthy");
          expect(status.openIncident).toBeNull();
          expect(after.descriptors).toBeLessThanOrEqual(mostOf(looks, "descriptors"));
          expect(after.resources).toBeLessThanOrEqual(mostOf(looks, "resources"));
          expect(timersAfter).toBeLessThanOrEqual(timersBefore + 2);
        },
        { remembers: 400 },
      );
      const later = looks.slice(LOOKS / 4).map(({ heapMiB }) => heapMiB);
      const perLook = TICKS >= LONG_TICKS && lives === "one" ? slopeOf(later) : 0;

      expect((perLook * LOOKS * 1000) / TICKS).toBeLessThan(FLAT_MIB_PER_1000_TICKS);
    },
  );

  it("is told by the line through its memory", () => {
    expect(slopeOf([10, 12, 14, 16])).toBe(2);
    expect(slopeOf([10, 12, 8, 10])).toBeLessThan(0);
  });
});

function note(figures: object): void {
  if (report !== undefined) {
    appendFileSync(report, `${JSON.stringify({ ticks: TICKS, seed: SOAK_SEED, ...figures })}\n`);
  }
}
