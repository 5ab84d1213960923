import { badKinds } from "../../test/histories/bad.ts";
import { HEALTHY } from "../../test/histories/healthy.ts";
import {
  type DayScore,
  type FaultScore,
  scoreDay,
  scoreFault,
} from "../../test/histories/score.ts";
import { shipped } from "../../test/histories/shipped.ts";
import { HistoriesTask, type HistoriesNews } from "./task.ts";

/** Days between two words of progress. */
const WORD_EVERY = 10;

const task = HistoriesTask.parse(JSON.parse(process.argv[2] ?? "{}"));
const SHIPPED = shipped();
tell({ kind: "done", days: days(), faults: faults() });
process.disconnect();

function days(): DayScore[] {
  const scores: DayScore[] = [];
  for (let day = task.remainder; day < task.days; day += task.workers) {
    const kind = HEALTHY[day % HEALTHY.length];
    if (kind !== undefined) {
      scores.push(scoreDay(kind, task.seed * 1_000_003 + day, SHIPPED));
    }
    if (scores.length % WORD_EVERY === 0) {
      tell({ kind: "progress", more: WORD_EVERY });
    }
  }
  return scores;
}

function faults(): FaultScore[] {
  const scores: FaultScore[] = [];
  for (let run = task.remainder; run < task.faults; run += task.workers) {
    for (const [place, kind] of badKinds(SHIPPED).entries()) {
      for (const deployed of [true, false]) {
        const seed = task.seed * 7_000_003 + run * 64 + place;
        scores.push(scoreFault(kind, deployed, seed, SHIPPED));
      }
    }
  }
  return scores;
}

function tell(news: HistoriesNews): void {
  process.send?.(news);
}
