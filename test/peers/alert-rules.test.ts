import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../lab/command.ts";
import { programsOf } from "../../lab/debian-programs.ts";
import { constructedEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { defineMeasures } from "../../src/metrics/measures.ts";

const RULES = path.join(ROOT, "config/prometheus/rollwatch-alerts.yaml");
const CASES = path.join(ROOT, "test/peers/support/rollwatch-alerts.test.yaml");

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
});

afterAll(async () => {
  await lab.end();
});

it("has alert rules that Prometheus' own tests of them pass", async () => {
  const { promtool } = await programsOf("prometheus", ["promtool"], lab.folder);
  await copyFile(RULES, path.join(lab.folder, "rollwatch-alerts.yaml"));
  await copyFile(CASES, path.join(lab.folder, "cases.yaml"));
  const how = { cwd: lab.folder, env: constructedEnvironment() };

  const checked = await run(promtool, ["check", "rules", "rollwatch-alerts.yaml"], how);
  const tested = await run(promtool, ["test", "rules", "cases.yaml"], how);

  expect(checked).toContain("SUCCESS");
  expect(tested).toContain("SUCCESS");
});

it("asks in them for metrics that exist, and tests each of them", async () => {
  const [rules, cases] = [await readFile(RULES, "utf8"), await readFile(CASES, "utf8")];
  const text = await defineMeasures("app", [1]).registry.metrics();
  const asked = [...rules.matchAll(/expr:.*/gu)].flatMap(
    ([line]) => line.match(/rollwatch_\w+/gu) ?? [],
  );
  const alerts = [...rules.matchAll(/alert: (\w+)/gu)].map(([, name = ""]) => name);

  expect(asked.length).toBeGreaterThan(3);
  expect(asked.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
  expect(alerts.filter((name) => !cases.includes(`alertname: ${name}`))).toEqual([]);
});
