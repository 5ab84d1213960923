import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { main, ROOT, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const TABLE = path.join(ROOT, "docs", "crash-matrix.md");
const MARK = "<!-- rows -->";
const HEAD = ["plan", "killed", "after one restart", "attempts", "resumed after", "invariants"];

/** Kills the daemon at every point of every plan, and writes what came of it into docs/crash-matrix.md. */
await main(async () => {
  const begun = performance.now();
  await setUp();
  const results = await mkdtemp(path.join(tmpdir(), "rwX-"));
  try {
    const env = { ...process.env, CRASH_ROWS: "all", CRASH_RESULTS: results };
    const { code } = await runTool("vitest", ["run", "--project", "crash"], { env });
    const rows = await rowsOf(results);
    await publish(rows);
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
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map(cellsOf)];
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  await writeFile(TABLE, `${text.slice(0, text.indexOf(MARK) + MARK.length)}\n\n${table}\n`);
}

function cellsOf({ plan, killed, outcome, attempts, resumedAfter, broken }) {
  const resumed = resumedAfter === null ? "" : `${resumedAfter.toFixed(1)} s`;
  return [
    plan,
    killed,
    outcome,
    String(attempts),
    resumed,
    broken.length === 0 ? "held" : broken.join("; "),
  ];
}
