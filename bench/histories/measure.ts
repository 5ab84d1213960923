import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus, setPriority } from "node:os";
import type { DayScore, FaultScore } from "../../test/histories/score.ts";
import { HistoriesNews, type HistoriesTask } from "./task.ts";

/** What is wanted. */
export interface HistoriesWish {
  /** Healthy host-days. */
  readonly rounds: number;
  /** Runs of each fault, with a deployment and without. */
  readonly faults: number;
  readonly seed: number;
}

/** Every run with what came of it. */
export interface HistoriesResult {
  readonly seed: number;
  readonly days: readonly DayScore[];
  readonly faults: readonly FaultScore[];
}

/** Behind everybody else: the figures do not depend on time. */
const PATIENT = 10;

/** Runs all histories, on every processor, behind everything else that wants it. */
export async function measureHistories(
  { rounds, faults, seed }: HistoriesWish,
  { tell }: { readonly tell: (line: string) => void },
): Promise<HistoriesResult> {
  const workers = Math.min(cpus().length, rounds);
  let done = 0;
  function progress(days: number): void {
    done += days;
    if (Math.floor(done / 100) > Math.floor((done - days) / 100)) {
      tell(`${done} of ${rounds} host-days`);
    }
  }
  const parts = await Promise.all(
    Array.from({ length: workers }, async (_, remainder) =>
      runWorker({ days: rounds, faults, seed, workers, remainder }, progress),
    ),
  );
  const found = parts.flatMap((one) => one.days).length;
  if (found !== rounds) {
    throw new Error(`${found} of ${rounds} host-days came to an end`);
  }
  return {
    seed,
    days: parts.flatMap((one) => one.days),
    faults: parts.flatMap((one) => one.faults),
  };
}

async function runWorker(
  task: HistoriesTask,
  progress: (days: number) => void,
): Promise<HistoriesNews> {
  const child = fork(new URL("worker.ts", import.meta.url), [JSON.stringify(task)], {
    execArgv: ["--import", "tsx"],
  });
  setPriority(child.pid ?? 0, PATIENT);
  const days: DayScore[] = [];
  const faults: FaultScore[] = [];
  child.on("message", (message) => {
    const news = HistoriesNews.parse(message);
    days.push(...news.days);
    faults.push(...news.faults);
    progress(news.days.length);
  });
  // Not its exit, which may be known before its last words.
  await once(child, "disconnect");
  if (child.exitCode !== null && child.exitCode !== 0) {
    throw new Error(`worker ${task.remainder} ended with ${child.exitCode}`);
  }
  return { days, faults };
}
