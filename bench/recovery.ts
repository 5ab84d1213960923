import { type Lab, openLab } from "../lab/lab.ts";
import {
  type Case,
  type RollwatchRound,
  type RunbookRound,
  roundOfRollwatch,
  roundOfRunbook,
} from "./rounds.ts";

/** The cases of the comparison: the example's own 16 packages, and as many as such a service usually has. */
export const CASES: readonly Case[] = [
  { name: "only code changed", fault: "system-down", reinstall: false, dependencies: "few" },
  {
    name: "dependencies changed, 16 packages",
    fault: "system-down-dependency",
    reinstall: true,
    dependencies: "few",
  },
  {
    name: "dependencies changed, 330 packages",
    fault: "system-down-dependency",
    reinstall: true,
    dependencies: "usual",
  },
];

/** All rounds of one case, with their medians. */
export interface CaseResult {
  readonly name: string;
  readonly fault: string;
  readonly rounds: readonly {
    readonly rollwatch: RollwatchRound;
    readonly runbook: RunbookRound;
  }[];
  readonly medians: {
    readonly rollwatch: RollwatchRound;
    readonly runbook: RunbookRound;
    /** From the decision to the good release being served; runbook's divided by rollwatch's. */
    readonly recovery: {
      readonly rollwatch: number;
      readonly runbook: number;
      readonly ratio: number;
    };
  };
}

/** Measures every case in `rounds` interleaved rounds, each from an empty machine. */
export async function measureRecovery(
  rounds: number,
  how: { readonly tell: (line: string) => void; readonly opened: (lab: Lab) => void },
): Promise<readonly CaseResult[]> {
  const measured = CASES.map((one) => ({
    ...one,
    rounds: new Array<CaseResult["rounds"][number]>(),
  }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of measured) {
      const rollwatch = await inLab(how.opened, (lab) => roundOfRollwatch(lab, one));
      const runbook = await inLab(how.opened, (lab) =>
        roundOfRunbook(lab, one, rollwatch.toDecision),
      );
      one.rounds.push({ rollwatch, runbook });
      how.tell(
        `round ${round} of ${rounds}, ${one.name}: restored after ${rollwatch.toRestored.toFixed(1)} s by rollwatch, ${runbook.toRestored.toFixed(1)} s by the runbook`,
      );
    }
  }
  return measured.map((one) => ({
    name: one.name,
    fault: one.fault,
    rounds: one.rounds,
    medians: mediansOf(one.rounds),
  }));
}

function mediansOf(rounds: CaseResult["rounds"]): CaseResult["medians"] {
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
    },
    runbook: {
      begun: median(rounds.map((one) => one.runbook.begun)),
      toRestored: median(rounds.map((one) => one.runbook.toRestored)),
      failed: median(rounds.map((one) => one.runbook.failed)),
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
