import { readFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../lab/environment.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import type { Case } from "./recovery-cases.ts";
import { type Expectation, expectedBreach } from "./recovery-expectation.ts";
import {
  type RollwatchRound,
  type RunbookRound,
  roundOfRollwatch,
  roundOfRunbook,
} from "./rounds.ts";

/** The same fault recovered from by both sides. */
export interface Round {
  readonly rollwatch: RollwatchRound;
  readonly runbook: RunbookRound;
}

/** All rounds of one case. */
export interface CaseResult {
  readonly name: string;
  readonly fault: string;
  readonly cure: "rollback" | "restart";
  /** When the breach should be proven; null when no signal of the shipped configuration ever does. */
  readonly expected: Expectation | null;
  readonly rounds: readonly Round[];
  /** Why there are fewer rounds than asked for; one entry for each that went wrong. */
  readonly wrong: readonly string[];
  /** Null when no round went well. */
  readonly medians: Medians | null;
}

/** The medians of some rounds, each column by itself. */
export interface Medians {
  readonly rollwatch: Omit<RollwatchRound, "signals">;
  readonly runbook: RunbookRound;
  /** From the decision to the system serving well again; runbook's divided by rollwatch's. */
  readonly recovery: {
    readonly rollwatch: number;
    readonly runbook: number;
    readonly ratio: number;
  };
}

/** Who is told what happens, and which lab there is to clean up. */
interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

/** Measures every case in `rounds` interleaved rounds, each from an empty machine. A round that goes wrong is told, kept and left out. */
export async function measureRecovery(
  cases: readonly Case[],
  rounds: number,
  how: How,
): Promise<readonly CaseResult[]> {
  const configuration = await readFile(path.join(ROOT, "config", "rollwatch.yaml"), "utf8");
  const measured = cases.map((one) => ({
    one,
    rounds: new Array<Round>(),
    wrong: new Array<string>(),
  }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { one, rounds: done, wrong } of measured) {
      const place = `round ${round} of ${rounds}, ${one.name}`;
      try {
        const result = await playRound(one, how.opened);
        done.push(result);
        how.tell(`${place}: ${tellRound(result)}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        wrong.push(reason);
        how.tell(`${place}: WRONG, ${reason}`);
      }
    }
  }
  return measured.map(({ one: { name, fault, cure, trigger }, rounds: done, wrong }) => ({
    name,
    fault,
    cure: cure.kind,
    expected: expectedBreach(configuration, trigger) ?? null,
    rounds: done,
    wrong,
    medians: done.length === 0 ? null : mediansOf(done),
  }));
}

async function playRound(one: Case, opened: (lab: Lab) => void): Promise<Round> {
  const rollwatch = await inLab(opened, async (lab) => roundOfRollwatch(lab, one));
  const runbook = await inLab(opened, async (lab) =>
    roundOfRunbook(lab, one, rollwatch.toDecision),
  );
  return { rollwatch, runbook };
}

function tellRound({ rollwatch, runbook }: Round): string {
  const { toBreach, signals, toRestored, load } = rollwatch;
  return `breach after ${toBreach.toFixed(1)} s by ${signals.join(", ")}, restored after ${toRestored.toFixed(1)} s by rollwatch, ${runbook.toRestored.toFixed(1)} s by the runbook (load ${load}, ${runbook.load})`;
}

/** The medians of at least one round. */
export function mediansOf(rounds: readonly Round[]): Medians {
  const recoveryOfRollwatch = median(
    rounds.map(({ rollwatch }) => rollwatch.toRestored - rollwatch.toDecision),
  );
  const recoveryOfRunbook = median(rounds.map(({ runbook }) => runbook.toRestored - runbook.begun));
  return {
    rollwatch: {
      toBreach: median(rounds.map((one) => one.rollwatch.toBreach)),
      toDecision: median(rounds.map((one) => one.rollwatch.toDecision)),
      toRestored: median(rounds.map((one) => one.rollwatch.toRestored)),
      toVerified: median(rounds.map((one) => one.rollwatch.toVerified)),
      failed: median(rounds.map((one) => one.rollwatch.failed)),
      load: median(rounds.map((one) => one.rollwatch.load)),
    },
    runbook: {
      begun: median(rounds.map((one) => one.runbook.begun)),
      toRestored: median(rounds.map((one) => one.runbook.toRestored)),
      failed: median(rounds.map((one) => one.runbook.failed)),
      load: median(rounds.map((one) => one.runbook.load)),
    },
    recovery: {
      rollwatch: recoveryOfRollwatch,
      runbook: recoveryOfRunbook,
      ratio: recoveryOfRunbook / recoveryOfRollwatch,
    },
  };
}

/** The middle value; of an even number the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

async function inLab<T>(opened: (lab: Lab) => void, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab();
  opened(lab);
  try {
    return await work(lab);
  } finally {
    const left = await lab.end();
    if (left.length > 0) {
      process.stderr.write(`left behind: ${left.join("; ")}\n`);
    }
  }
}
