import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../lab/environment.ts";
import type { Lab } from "../lab/lab.ts";
import { endWithProcess } from "../lab/signals.ts";
import { measureRecovery } from "./recovery.ts";
import { recoveryTable } from "./table.ts";

const USAGE = "npm run bench -- recovery [--rounds N]\n";
const DEFAULT_ROUNDS = "5";

/** Measures what was asked for, prints the table, and keeps the numbers as JSON; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { rounds: { type: "string", default: DEFAULT_ROUNDS } },
    allowPositionals: true,
  });
  const rounds = Number(values.rounds);
  if (positionals.join(" ") !== "recovery" || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(USAGE);
    return 2;
  }
  let lab: Lab | undefined;
  endWithProcess(() => lab);
  const results = await measureRecovery(rounds, {
    tell: (line) => void process.stderr.write(`${line}\n`),
    opened: (one) => {
      lab = one;
    },
  });
  const folder = path.join(ROOT, "bench", "results");
  await mkdir(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = path.join(folder, `recovery-${at.replaceAll(/[:.]/gu, "-")}.json`);
  const machine = {
    platform: `${platform()}-${arch()}`,
    node: process.version,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  await writeFile(file, `${JSON.stringify({ at, machine, rounds, cases: results }, null, 2)}\n`);
  process.stdout.write(`${recoveryTable(results)}\n`);
  process.stderr.write(`written to ${path.relative(ROOT, file)}\n`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
