import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { main, ROOT, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const TABLE = path.join(ROOT, "docs", "fuzzing.md");
const MARK = "<!-- rows -->";
const HEAD = ["parser", "inputs", "took", "slowest input"];
/** Of each parser; of one that costs more as many times fewer. A million in all. */
const RUNS = "95000";

/**
 * Gives every parser of foreign text as many inputs as FUZZ_RUNS says (default 95,000) from FUZZ_SEED (default of this moment), and
 * writes how many there were into docs/fuzzing.md. An input that a parser stumbles over is told whole; it belongs into test/fuzz/corpus.
 */
await main(async () => {
  const begun = performance.now();
  await setUp();
  const { FUZZ_RUNS = RUNS, FUZZ_SEED = String(Date.now() % 2 ** 31) } = process.env;
  const folder = await mkdtemp(path.join(tmpdir(), "rwF-"));
  try {
    const report = path.join(folder, "report.jsonl");
    const env = { ...process.env, FUZZ_RUNS, FUZZ_SEED, FUZZ_REPORT: report };
    const { code } = await runTool("vitest", ["run", "--project", "unit", "test/fuzz"], { env });
    const rows = (await readFile(report, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const inputs = rows.reduce((sum, row) => sum + row.inputs, 0);
    const summary = `${inputs.toLocaleString("en")} inputs, seed ${FUZZ_SEED}`;
    if (code === 0) {
      await publish(rows, summary);
      await runTool("oxfmt", ["--write", TABLE]);
    }
    tell(`test:fuzz: ${summary}, exit ${code} (${secondsSince(begun)})`);
    return code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function publish(rows, summary) {
  const text = await readFile(TABLE, "utf8");
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  const date = new Date().toISOString().slice(0, 10);
  const told = `${date}: ${summary}, no parser stumbled.`;
  const head = text.slice(0, text.indexOf(MARK) + MARK.length);
  await writeFile(TABLE, `${head}\n\n${told}\n\n${lines.join("\n")}\n`);
}

function cellsOf({ parser, inputs, tookMs, slowestMs }) {
  return [
    parser,
    inputs.toLocaleString("en"),
    `${(tookMs / 1000).toFixed(1)} s`,
    `${slowestMs} ms`,
  ];
}
