import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import path from "node:path";
import { ROOT } from "../lab/environment.ts";
import type { Lab } from "../lab/lab.ts";
import { listReleases } from "../lab/releases.ts";
import { endWithProcess } from "../lab/signals.ts";
import { measureDatabase } from "./database/measure.ts";
import { databaseTables } from "./database/tables.ts";
import { measureDelivery } from "./delivery/measure.ts";
import { deliveryTables } from "./delivery/table.ts";
import { FAULTS } from "./detection/cases.ts";
import { measureDetection } from "./detection/measure.ts";
import { detectionTables, withMedians } from "./detection/tables.ts";
import { measureFootprint } from "./footprint/measure.ts";
import { footprintTables } from "./footprint/tables.ts";
import { measureHistories } from "./histories/measure.ts";
import { historiesTables, isWhole as isRight } from "./histories/table.ts";
import { measureInstrument } from "./instrument/measure.ts";
import { instrumentTable } from "./instrument/table.ts";
import { measureJournal } from "./journal/measure.ts";
import { journalTables } from "./journal/table.ts";
import { type Case, casesOf, chooseCases } from "./recovery-cases.ts";
import { measureRecovery } from "./recovery.ts";
import { recoveryTable } from "./table.ts";
import { parseWish, USAGE, type Wish } from "./wish.ts";

/** Measures what was asked for, prints the table, and keeps the numbers as JSON; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const wish = parseWish(args);
  if (wish === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (wish.kind === "list") {
    return wish.of === "recovery" ? listRecovery() : listDetection();
  }
  let lab: Lab | undefined;
  endWithProcess(() => lab);
  const { table, figures, isWhole } = await measure(wish, {
    tell: (line) => void process.stderr.write(`${line}\n`),
    opened: (one) => {
      lab = one;
    },
  });
  const file = await keep(wish, figures);
  process.stdout.write(`${table}\n`);
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  process.stderr.write(`written to ${path.relative(ROOT, file)} after ${minutes} min\n`);
  return isWhole ? 0 : 1;
}

function listDetection(): number {
  for (const { name, title } of FAULTS) {
    process.stdout.write(`${name.padEnd(18)} ${title}\n`);
  }
  return 0;
}

async function listRecovery(): Promise<number> {
  const cases = casesOf(await listReleases());
  const short = chooseCases(cases, { names: [], all: false });
  for (const one of cases) {
    process.stdout.write(tellCase(one, short.includes(one)));
  }
  process.stdout.write("* without --case and --all\n");
  return 0;
}

function tellCase({ name, title, cure }: Case, isShort: boolean): string {
  return `${isShort ? "*" : " "} ${name.padEnd(28)} ${cure.kind.padEnd(9)} ${title}\n`;
}

async function keep({ kind, rounds }: Measured, figures: object): Promise<string> {
  const folder = path.join(ROOT, "bench", "results");
  await mkdir(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = path.join(folder, `${kind}-${at.replaceAll(/[:.]/gu, "-")}.json`);
  const machine = {
    platform: `${platform()}-${arch()}`,
    node: process.version,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  await writeFile(file, `${JSON.stringify({ at, machine, rounds, ...figures }, null, 2)}\n`);
  return file;
}

type Measured = Exclude<Wish, { readonly kind: "list" }>;

interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

/** The numbers of a subject, for people and whole; whole they are when no round went wrong. */
async function measure(
  wish: Measured,
  how: How,
): Promise<{ readonly table: string; readonly figures: object; readonly isWhole: boolean }> {
  if (wish.kind === "footprint") {
    const figures = await measureFootprint(wish.rounds, how);
    return { table: footprintTables(figures), figures, isWhole: true };
  }
  if (wish.kind === "instrument") {
    const figures = await measureInstrument(wish.rounds, how);
    return { table: instrumentTable(figures), figures, isWhole: true };
  }
  if (wish.kind === "journal") {
    const figures = await measureJournal(wish.rounds, how);
    return { table: journalTables(figures), figures, isWhole: true };
  }
  if (wish.kind === "delivery") {
    const figures = await measureDelivery(wish.rounds, how);
    return { table: deliveryTables(figures), figures, isWhole: true };
  }
  if (wish.kind === "histories") {
    const figures = await measureHistories(wish, how);
    return { table: historiesTables(figures), figures, isWhole: isRight(figures) };
  }
  if (wish.kind === "database") {
    const figures = await measureDatabase(wish, how);
    return { table: databaseTables(figures), figures, isWhole: true };
  }
  if (wish.kind === "detection") {
    const figures = await measureDetection(wish, how);
    return { table: detectionTables(figures), figures: withMedians(figures), isWhole: true };
  }
  const chosen = chooseCases(casesOf(await listReleases()), wish.choice);
  const cases = await measureRecovery(chosen, wish.rounds, how);
  const isWhole = cases.every((one) => one.wrong.length === 0);
  return { table: recoveryTable(cases), figures: { cases }, isWhole };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
