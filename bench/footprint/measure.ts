import { type Lab, openLab } from "../../lab/lab.ts";

import { measureProbing, type ProbingCase } from "./probing.ts";
import { measureWatching, type WatchingResult } from "./watching.ts";

/** What watching costs. */
export interface FootprintResult {
  readonly watching: WatchingResult;
  readonly probing: readonly ProbingCase[];
}

interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

/** Measures the sampler alone, then the daemon and the application it watches, in `rounds` rounds each. */
export async function measureFootprint(rounds: number, how: How): Promise<FootprintResult> {
  const probing = await measureProbing(rounds, how.tell);
  const lab = await openLab();
  how.opened(lab);
  try {
    return { probing, watching: await measureWatching(lab, rounds, how.tell) };
  } finally {
    for (const left of await lab.end()) {
      how.tell(`left behind: ${left}`);
    }
  }
}
