import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { dashboardText } from "../../scripts/dashboard/dashboard.ts";
import { defineMeasures } from "../../src/metrics/measures.ts";
import { queriesOf } from "../support/dashboard.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const HEADS = { shown: "## On the dashboard", hidden: "## Not on the dashboard" };

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

/** Every metric of a daemon. */
async function metrics(): Promise<readonly Metric[]> {
  const { registry } = defineMeasures("app", [1]);
  const text = await registry.metrics();
  return [...text.matchAll(/^# HELP (\S+) (.+)\n# TYPE \S+ (\S+)$/gmu)].map(
    ([, name = "", help = "", type = ""]) => ({ name, type, help }),
  );
}

/** The rows of one table of docs/metrics.md. */
function documented(head: string): readonly (Metric & { readonly labels: string })[] {
  const text = readFileSync(resolve(ROOT, "docs/metrics.md"), "utf8");
  const section = text.split(/^(?=## )/mu).find((one) => one.startsWith(`${head}\n`)) ?? "";
  return [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) *\| (.+?) *\|$/gmu)].map(
    ([, name = "", type = "", labels = "", help = ""]) => ({ name, type, labels, help }),
  );
}

/** Names of metrics in the panels, without the suffixes of a histogram's series. */
function queried(histograms: ReadonlySet<string>): ReadonlySet<string> {
  const names = queriesOf(dashboardText()).flatMap(
    ({ expr }) => expr.match(/rollwatch_\w+/gu) ?? [],
  );
  return new Set(
    names.map((name) => {
      const base = name.replace(/_(bucket|sum|count)$/u, "");
      return histograms.has(base) ? base : name;
    }),
  );
}

/** Names of the metrics that have several series by themselves. */
async function histogramNames(): Promise<ReadonlySet<string>> {
  const all = await metrics();
  return new Set(all.filter(({ type }) => type === "histogram").map(({ name }) => name));
}

describe("the dashboard", () => {
  it("that is committed is the one that the code makes", () => {
    const committed = readFileSync(resolve(ROOT, "grafana/dashboards/rollwatch.json"), "utf8");

    expect(committed === dashboardText(), "run `npm run dashboard` and commit the file").toBe(true);
  });

  it("asks for metrics that exist, and only for those of the chosen application", async () => {
    const known = new Set((await metrics()).map(({ name }) => name));
    const queries = queriesOf(dashboardText());

    expect(queries.length).toBeGreaterThan(30);
    expect([...queried(await histogramNames())].filter((name) => !known.has(name))).toEqual([]);
    expect(
      queries.filter(({ expr }) => /rollwatch_\w+(?!\w|\{application="\$application")/u.test(expr)),
    ).toEqual([]);
  });

  it("gives every panel a sentence, every query a name, and no place twice", () => {
    const panels = queriesOf(dashboardText());

    expect(panels.filter(({ description, legend }) => description === "" || legend === "")).toEqual(
      [],
    );
    expect(new Set(panels.map(({ id }) => id)).size).toBe(
      new Set(panels.map(({ place }) => place)).size,
    );
  });
});

describe("docs/metrics.md", () => {
  it("has one row for each metric, with its type and meaning", async () => {
    const rows = [...documented(HEADS.shown), ...documented(HEADS.hidden)];

    const written = rows.map(({ name, type, help }) => `${name} ${type} ${help}`).toSorted();

    expect(written).toEqual(
      (await metrics()).map(({ name, type, help }) => `${name} ${type} ${help}`).toSorted(),
    );
  });

  it("tells which of them the dashboard shows", async () => {
    const shown = documented(HEADS.shown).map(({ name }) => name);

    expect(shown.toSorted()).toEqual([...queried(await histogramNames())].toSorted());
  });

  it("names every label", async () => {
    const rows = [...documented(HEADS.shown), ...documented(HEADS.hidden)];
    const { registry } = defineMeasures("app", [1]);

    for (const { name, labels } of rows) {
      const metric = registry.getSingleMetric(name);
      const names: unknown = metric === undefined ? [] : Reflect.get(metric, "labelNames");

      expect({ name, labels: labels.match(/\w+/gu) ?? [] }).toEqual({ name, labels: names });
    }
  });
});
