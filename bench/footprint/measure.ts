import { type Lab, openLab } from "../../lab/lab.ts";
import { type BesideResult, measureBeside } from "./beside.ts";
import { measureProbing, type ProbingCase } from "./probing.ts";
import { measureWatching, type WatchingResult } from "./watching.ts";

/** What watching costs. */
export interface FootprintResult {
  readonly watching: WatchingResult;
  readonly probing: readonly ProbingCase[];
  readonly beside: readonly BesideResult[];
}

interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

/** Measures the sampler alone, the daemon beside others, then the daemon and the application it watches, in `rounds` rounds each. */
export async function measureFootprint(rounds: number, how: How): Promise<FootprintResult> {
  const probing = await measureProbing(rounds, how.tell);
  const beside = await inLab(how, async (lab) => measureBeside(lab, rounds, how.tell));
  const watching = await inLab(how, async (lab) => measureWatching(lab, rounds, how.tell));
  return { probing, beside, watching };
}

async function inLab<T>(how: How, measure: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab();
  how.opened(lab);
  try {
    return await measure(lab);
  } finally {
    for (const left of await lab.end()) {
      how.tell(`left behind: ${left}`);
    }
  }
}
