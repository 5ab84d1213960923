import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CrashLab, openCrashLab } from "../live/support/crash-lab.ts";
import { factsOf } from "../live/support/restored.ts";
import { isBeforePlan, isBeforeQuestion, type Row, rowsOf, sample, STEPS } from "./points.ts";
import { type Outcome, runCase } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { settingOf } from "./scenarios.ts";
import type { Way } from "./ways.ts";

/** The plan was given up before it changed anything; whose breach lasts is an open incident that people were told of. */
const CANCELLED = ["cancelled, held", "cancelled"];
/** `CRASH_ROWS=all` runs every row; `CRASH_SEED` chooses others. */
const { CRASH_ROWS: wanted, CRASH_SEED: seed = "1", CRASH_RESULTS: results } = process.env;

/** One line of the published table. */
export interface PublishedRow {
  readonly plan: string;
  readonly way: Way["name"];
  /** Such as `switch:server, after rename`. */
  readonly where: string;
  readonly outcome: string;
  readonly attempts: number;
  readonly resumedAfter: number | null;
  readonly broken: readonly string[];
}

/** The tests of one plan: it is carried out whole, and then with something happening to its daemon at each point. */
export function crashMatrix(name: Scenario["name"], way: Way, usual: number): void {
  const all = rowsOf(name, way.name);
  const rows = wanted === "all" ? all : sample(all, usual, Number(seed));
  if (rows.length === 0) {
    return;
  }

  describe(`a ${name} plan, ${way.name}`, () => {
    let lab: CrashLab;
    let scenario: Scenario;
    let whole: Outcome;

    beforeAll(async () => {
      lab = await openCrashLab(async (opened) => {
        const chosen = await settingOf(opened, name, way);
        ({ scenario } = chosen);
        return chosen.setting;
      });
      whole = await runCase(lab, scenario);
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

    it.each(rows)("ends as it must: $name", async (row) => {
      const came = await runCase(lab, scenario, { point: row.point, way });

      await publish({ plan: name, way: way.name, where: row.name }, came);
      expect(came.broken).toEqual([]);
      expect(outcomesOf(scenario, row, way)).toContain(came.outcome);
    });
  });
}

/** How the row may end. */
function outcomesOf(scenario: Scenario, row: Row, way: Way): readonly string[] {
  if (isBeforePlan(row) && way.mayCancel) {
    // The journal's reserve may be enough to write the plan down on a full disk.
    return ["never made", scenario.outcome];
  }
  if (scenario.isAskedFor && isBeforePlan(row)) {
    return ["never made"];
  }
  if (isBeforeQuestion(scenario.name, row)) {
    // Likewise the question.
    return way.mayCancel ? [...CANCELLED, scenario.outcome] : CANCELLED;
  }
  return way.mayCancel ? [scenario.outcome, ...CANCELLED] : [scenario.outcome];
}

async function publish(
  at: Pick<PublishedRow, "plan" | "way" | "where">,
  came: Outcome,
): Promise<void> {
  if (results === undefined) {
    return;
  }
  const { outcome, attempts, resumedAfter = null, broken } = came;
  const line: PublishedRow = { ...at, outcome, attempts, resumedAfter, broken };
  await appendFile(join(results, `${at.plan}-${at.way}.jsonl`), `${JSON.stringify(line)}\n`);
}
