import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { main, ROOT, run, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const LEFT_OUT = new Set([".git", "node_modules", "dist"]);
/** The plan whose rows have the step. */
const PLAN_OF = {
  stage: "application",
  "stop-service": "application",
  switch: "application",
  "point-git": "application",
  "start-service": "application",
  "save-pm2": "application",
  "clean-up": "application",
  "restart-service": "service",
  "restore-database": "database",
  "move-sequences": "database",
  "swap-database": "database",
  "take-migrations-down": "schema",
};
/** Steps whose `isDone` is never true, or only spares work: `run` does the same twice. */
const NEVER_DONE = new Set(["save-pm2"]);

const ANNOUNCE = `journal.record({ kind: "step-started", plan: plan.id, step: step.id });`;
const ASK = "if (await step.isDone(deadline)) {";

const MUTATIONS = [
  ...Object.entries(PLAN_OF).map(([kind, plan]) => ({
    what: `${kind} is not announced in the journal`,
    file: "src/recover/run.ts",
    from: ANNOUNCE,
    to: `if (!step.id.startsWith("${kind}")) { ${ANNOUNCE} }`,
    test: plan,
    rows: kind,
  })),
  ...Object.entries(PLAN_OF)
    .filter(([kind]) => !NEVER_DONE.has(kind))
    .map(([kind, plan]) => ({
      what: `${kind} does not ask whether it is done`,
      file: "src/recover/run.ts",
      from: ASK,
      to: `if (!descriptor.id.startsWith("${kind}") && (await step.isDone(deadline))) {`,
      test: plan,
      rows: kind,
    })),
  {
    what: "a swap does not ask the OIDs which database is which",
    file: "src/system/postgres-swap.ts",
    from: "if (await stands(live, next.name)) {",
    to: "if (live.length > 0) {",
    test: "database",
    rows: "swap-database",
  },
  {
    what: "every lock can be had",
    file: "src/app/locks.ts",
    from: `return { kind: "refused", reason: messageOf(error) };`,
    to: `return { kind: "held", lock: { release: () => void messageOf(error) } };`,
    test: "suspended",
    rows: "",
  },
];

/**
 * Breaks in a copy of the clone what the crash matrix rests on, one thing after the other, and runs the rows that it is about until the first that
 * is red. An argument is a part of what is broken; without one all of it, half an hour. Whatever stays green is told: another look makes up for it.
 */
await main(async () => {
  const [part = ""] = process.argv.slice(2);
  await setUp();
  const copy = await mkdtemp(path.join(tmpdir(), "rwM-"));
  try {
    await cp(ROOT, copy, {
      recursive: true,
      filter: (source) => !LEFT_OUT.has(path.relative(ROOT, source)),
    });
    await symlink(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
    for (const mutation of MUTATIONS.filter(({ what }) => what.includes(part))) {
      const begun = performance.now();
      tell(`${await tryOut(copy, mutation)}: ${mutation.what} (${secondsSince(begun)})`);
    }
    return 0;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

async function tryOut(copy, { file, from, to, ...rows }) {
  const place = path.join(copy, file);
  const source = await readFile(place, "utf8");
  if (source.split(from).length !== 2) {
    throw new Error(`${file} has not exactly one ${from}`);
  }
  await writeFile(
    place,
    source.replace(from, () => to),
  );
  try {
    return await resultOf(copy, rows);
  } finally {
    await writeFile(place, source);
  }
}

/** The first row that failed, or how many did not. */
async function resultOf(copy, { test, rows }) {
  const report = path.join(copy, "report.json");
  const vitest = path.join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = ["run", "--root", copy, "--project", "crash", "--bail", "1", "--reporter=json"];
  const pattern = rows === "" ? [] : ["-t", `ends as it must: '?${rows}`];
  const env = { ...process.env, CRASH_ROWS: rows === "" ? "" : "all" };
  await run(
    process.execPath,
    [vitest, ...args, `--outputFile=${report}`, `matrix/${test}.test.ts`, ...pattern],
    { quiet: true, env },
  );
  const { testResults } = JSON.parse(await readFile(report, "utf8"));
  await rm(report);
  const all = testResults.flatMap((one) => one.assertionResults);
  const red = all.find((one) => one.status === "failed");
  const green = all.filter((one) => one.status === "passed");
  if (red !== undefined) {
    return `red    at ${red.title.replace("ends as it must: ", "")}`;
  }
  const isUndone = testResults.some((one) => one.status === "failed");
  return isUndone
    ? "red    before any row: no plan is carried out"
    : `green  in ${green.length} rows`;
}
