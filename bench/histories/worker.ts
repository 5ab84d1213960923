import { badKinds } from "../../test/histories/bad.ts";
import { HEALTHY } from "../../test/histories/healthy.ts";
import { type FaultScore, scoreDay, scoreFault } from "../../test/histories/score.ts";
import { shipped } from "../../test/histories/shipped.ts";
import { HistoriesTask, type HistoriesNews } from "./task.ts";

const task = HistoriesTask.parse(JSON.parse(process.argv[2] ?? "{}"));
const SHIPPED = shipped();
for (let day = task.remainder; day < task.days; day += task.workers) {
  const kind = HEALTHY[day % HEALTHY.length];
  const scores = kind === undefined ? [] : [scoreDay(kind, task.seed * 1_000_003 + day, SHIPPED)];
  await tell({ days: scores, faults: [] });
}
for (let run = task.remainder; run < task.faults; run += task.workers) {
  await tell({ days: [], faults: faultsOf(run) });
}
process.disconnect();

function faultsOf(run: number): readonly FaultScore[] {
  return badKinds(SHIPPED).flatMap((kind, place) =>
    [true, false].map((deployed) =>
      scoreFault(kind, deployed, task.seed * 7_000_003 + run * 64 + place, SHIPPED),
    ),
  );
}

/** Waits until it is on its way: what is only queued is lost when this process ends. */
async function tell(news: HistoriesNews): Promise<void> {
  await new Promise<void>((resolve) => {
    process.send?.(news, () => resolve());
  });
}
