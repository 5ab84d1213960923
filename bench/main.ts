import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../lab/environment.ts";
import type { Lab } from "../lab/lab.ts";
import { endWithProcess } from "../lab/signals.ts";
import { measureFootprint } from "./footprint/measure.ts";
import { footprintTables } from "./footprint/tables.ts";
import { measureRecovery } from "./recovery.ts";
import { recoveryTable } from "./table.ts";

const USAGE = "npm run bench -- recovery|footprint [--rounds N]\n";
const DEFAULT_ROUNDS = "5";

/** Measures what was asked for, prints the table, and keeps the numbers as JSON; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { rounds: { type: "string", default: DEFAULT_ROUNDS } },
    allowPositionals: true,
  });
  const rounds = Number(values.rounds);
  const subject = positionals.join(" ");
  if (
    (subject !== "recovery" && subject !== "footprint") ||
    !Number.isInteger(rounds) ||
    rounds < 1
  ) {
    process.stderr.write(USAGE);
    return 2;
  }
  let lab: Lab | undefined;
  endWithProcess(() => lab);
  const { table, figures } = await measure(subject, rounds, {
    tell: (line) => void process.stderr.write(`${line}\n`),
    opened: (one) => {
      lab = one;
    },
  });
  const folder = path.join(ROOT, "bench", "results");
  await mkdir(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = path.join(folder, `${subject}-${at.replaceAll(/[:.]/gu, "-")}.json`);
  const machine = {
    platform: `${platform()}-${arch()}`,
    node: process.version,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  await writeFile(file, `${JSON.stringify({ at, machine, rounds, ...figures }, null, 2)}\n`);
  process.stdout.write(`${table}\n`);
  process.stderr.write(`written to ${path.relative(ROOT, file)}\n`);
  return 0;
}

interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

/** The numbers of a subject, for people and whole. */
async function measure(
  subject: "recovery" | "footprint",
  rounds: number,
  how: How,
): Promise<{ readonly table: string; readonly figures: object }> {
  if (subject === "footprint") {
    const figures = await measureFootprint(rounds, how);
    return { table: footprintTables(figures), figures };
  }
  const cases = await measureRecovery(rounds, how);
  return { table: recoveryTable(cases), figures: { cases } };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
