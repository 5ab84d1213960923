import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CrashLab, openCrashLab } from "../live/support/crash-lab.ts";
import { factsOf } from "../live/support/restored.ts";
import { isBeforePlan, type Row, rowsOf, sample, STEPS } from "./points.ts";
import { type Outcome, runCase } from "./run.ts";
import { type Scenario, settingOf } from "./scenarios.ts";

/** Rows of each plan that are run without being asked for all. */
const USUAL = 5;
/** `CRASH_ROWS=all` runs every row; `CRASH_SEED` chooses others. */
const { CRASH_ROWS: wanted, CRASH_SEED: seed = "1", CRASH_RESULTS: results } = process.env;

/** One line of the published table. */
export interface PublishedRow {
  readonly plan: string;
  readonly killed: string;
  readonly outcome: string;
  readonly attempts: number;
  readonly resumedAfter: number | null;
  readonly broken: readonly string[];
}

/** The tests of one plan: it is carried out whole, and then with its daemon killed at each point. */
export function crashMatrix(name: Scenario["name"]): void {
  const all = rowsOf(name);
  const rows = wanted === "all" ? all : sample(all, USUAL, Number(seed));

  describe(`a ${name} plan`, () => {
    let lab: CrashLab;
    let scenario: Scenario;
    let whole: Outcome;

    beforeAll(async () => {
      lab = await openCrashLab(async (opened) => {
        const chosen = await settingOf(opened, name);
        ({ scenario } = chosen);
        return chosen.setting;
      });
      whole = await runCase(lab, scenario, undefined);
    });

    afterAll(async () => {
      const problems = await lab.end();
      if (problems.length > 0) {
        throw new Error(`left behind: ${problems.join("; ")}`);
      }
    });

    it("has the steps that the rows are made from", () => {
      const planned = factsOf(whole.entries, "planned").flatMap(({ plan }) => plan.steps);

      expect(planned.map(({ id }) => id)).toEqual(STEPS[name]);
      expect(whole).toMatchObject({ outcome: scenario.outcome, broken: [] });
    });

    it.each(rows)("ends as it must when its daemon is killed: $name", async (row) => {
      const came = await runCase(lab, scenario, row.point);

      await publish(name, row, came);
      expect(came.broken).toEqual([]);
      const isNothing = scenario.isAskedFor && isBeforePlan(row);
      expect(came.outcome).toBe(isNothing ? "never made" : scenario.outcome);
    });
  });
}

async function publish(plan: string, row: Row, came: Outcome): Promise<void> {
  if (results === undefined) {
    return;
  }
  const { outcome, attempts, resumedAfter = null, broken } = came;
  const line: PublishedRow = { plan, killed: row.name, outcome, attempts, resumedAfter, broken };
  await appendFile(join(results, `${plan}.jsonl`), `${JSON.stringify(line)}\n`);
}
