import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { main, ROOT, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const TABLE = path.join(ROOT, "docs", "crash-matrix.md");
const MARK = "<!-- rows -->";
const HEAD = [
  "plan",
  "what happened",
  "where",
  "afterwards",
  "attempts",
  "resumed after",
  "invariants",
];

/**
 * Has something happen to the daemon at every point of every plan, and writes what came of it into docs/crash-matrix.md. Arguments are vitest's, such as
 * a part of a test file's name: the rows that were run replace those of before.
 */
await main(async () => {
  const begun = performance.now();
  await setUp();
  const results = await mkdtemp(path.join(tmpdir(), "rwX-"));
  try {
    const env = { ...process.env, CRASH_ROWS: "all", CRASH_RESULTS: results };
    const { code } = await runTool(
      "vitest",
      ["run", "--project", "crash", ...process.argv.slice(2)],
      {
        env,
      },
    );
    const rows = await rowsOf(results);
    await publish(rows);
    await runTool("oxfmt", ["--write", TABLE]);
    const wrong = rows.filter(({ broken }) => broken.length > 0).length;
    tell(
      `test:crash: ${rows.length} rows, ${wrong} with a broken invariant (${secondsSince(begun)})`,
    );
    return code;
  } finally {
    await rm(results, { recursive: true, force: true });
  }
});

async function rowsOf(folder) {
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(
    names.map(async (name) => readFile(path.join(folder, name), "utf8")),
  );
  return texts.flatMap((text) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
}

async function publish(rows) {
  const text = await readFile(TABLE, "utf8");
  const end = text.indexOf(MARK) + MARK.length;
  const known = text
    .slice(end)
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([plan]) => plan !== HEAD[0] && !/^-+$/u.test(plan));
  const all = new Map([...known, ...rows.map(cellsOf)].map((cells) => [keyOf(cells), cells]));
  // Below its plan and way each row stays where it stands in the plan's life.
  const sorted = [...all.values()].toSorted((one, other) =>
    groupOf(one) < groupOf(other) ? -1 : Number(groupOf(one) > groupOf(other)),
  );
  const lines = [HEAD, HEAD.map(() => "---"), ...sorted];
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  await writeFile(TABLE, `${text.slice(0, end)}\n\n${table}\n`);
}

function groupOf([plan, way]) {
  return `${plan} ${way}`;
}

function keyOf([plan, way, where]) {
  return `${plan} ${way} ${where}`;
}

function cellsOf({ plan, way, where, outcome, attempts, resumedAfter, broken }) {
  const resumed = resumedAfter === null ? "" : `${resumedAfter.toFixed(1)} s`;
  return [
    plan,
    way,
    where,
    outcome,
    String(attempts),
    resumed,
    broken.length === 0 ? "held" : broken.join("; "),
  ];
}
