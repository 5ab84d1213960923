import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withScenario, type Scenario } from "../support/scenario.ts";

/** Releases with a finished warm copy, and the paths of each. */
async function warmCopies({ config }: Scenario): Promise<Record<string, readonly string[]>> {
  const folder = join(config.application.root, ".rollwatch/warm");
  const copies: Record<string, readonly string[]> = {};
  for (const id of await namesIn(folder)) {
    const names = await namesIn(join(folder, id));
    copies[id] = names.includes("proof.json") ? await namesIn(join(folder, id, "tree")) : [];
  }
  return copies;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch {
    return [];
  }
}

function provenReleases(story: Scenario): readonly string[] {
  return story.facts().flatMap((fact) => (fact.kind === "release-proven" ? [fact.release] : []));
}

/** How each path was staged. */
function stagings(story: Scenario): readonly string[] {
  return story
    .facts()
    .flatMap((fact) =>
      fact.kind === "step-finished" && fact.step.startsWith("stage:") ? [fact.outcome.detail] : [],
    );
}

const PATHS = ["package-lock.json", "server"];

describe("the warm copy", () => {
  it("is made when a release is proven, and gives way to the next one's", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1s");
      const first = await warmCopies(story);
      await story.install("good-2", "works");
      await story.passesUntil((fact) => fact.kind === "release-proven");
      await story.passes("1s");

      const [one = "", two = ""] = provenReleases(story);
      expect(first).toEqual({ [one]: PATHS });
      expect(await warmCopies(story)).toEqual({ [two]: PATHS });
    });
  });

  it("is used up by a rollback and made again after it", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1s");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "verified");
      const [one = ""] = provenReleases(story);
      const during = await warmCopies(story);
      await story.passesUntil((fact) => fact.kind === "closed");
      await story.passes("1s");

      expect(stagings(story)).toEqual(PATHS.map(() => "renamed from the warm copy"));
      expect(during).toEqual({ [one]: [] });
      expect(await warmCopies(story)).toEqual({ [one]: PATHS });
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("is mended by the check of the captures", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1s");
      const [one = ""] = provenReleases(story);
      const damaged = `.rollwatch/warm/${one}/tree/server/main.js`;
      await story.write(damaged, "rotten");

      await story.passes("10m");

      expect(await story.read(damaged)).toBe("works");
    });
  });

  it("in the making is given up for a rollback, which copies", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.stopsRollwatch();
      await story.ports.files.remove(join(story.config.application.root, ".rollwatch/warm"));
      story.setCopyTime(15_000);
      await story.startsRollwatch();
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "verified");
      const during = await warmCopies(story);
      await story.passesUntil((fact) => fact.kind === "closed");

      expect(during).toEqual({ [provenReleases(story)[0] ?? ""]: [] });
      expect(stagings(story)).toEqual(
        PATHS.map(() => expect.stringContaining("copied from the capture")),
      );
      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("is not made while a recovery is open, also after a kill", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("1s");
      await story.install("bad-2", "answers 500");
      story.diesBefore((fact) => fact.kind === "verified");
      await story.passes("60s");
      await story.stopsRollwatch();
      const started = story.startsRollwatch();

      await story.passesUntil((fact) => fact.kind === "verified");
      const during = await warmCopies(story);
      await story.passesUntil((fact) => fact.kind === "closed");
      await started;

      expect(during).toEqual({ [provenReleases(story)[0] ?? ""]: [] });
      expect(story.recovery().attempts).toHaveLength(2);
    });
  });

  it("in the making does not hold up a shutdown", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.stopsRollwatch();
      await story.ports.files.remove(join(story.config.application.root, ".rollwatch/warm"));
      story.setCopyTime(3_600_000);
      await story.startsRollwatch();
      await story.passes("5s");
      const from = story.clock.now();

      await story.stopsRollwatch();

      expect(story.clock.now() - from).toBeLessThan(10_000);
      await story.passes("3h");
      expect(await warmCopies(story)).toEqual({ [provenReleases(story)[0] ?? ""]: [] });
    });
  });
});
