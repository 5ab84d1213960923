import { fork } from "node:child_process";
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
  return {
    seed,
    days: parts.flatMap((one) => one.days),
    faults: parts.flatMap((one) => one.faults),
  };
}

type Done = Extract<HistoriesNews, { kind: "done" }>;

async function runWorker(task: HistoriesTask, progress: (days: number) => void): Promise<Done> {
  const child = fork(new URL("worker.ts", import.meta.url), [JSON.stringify(task)], {
    execArgv: ["--import", "tsx"],
  });
  setPriority(child.pid ?? 0, PATIENT);
  return new Promise((resolve, reject) => {
    child.on("message", (message) => {
      const news = HistoriesNews.parse(message);
      if (news.kind === "done") {
        resolve(news);
      } else {
        progress(news.more);
      }
    });
    child.once("exit", () => {
      reject(new Error(`worker ${task.remainder} ended without an answer`));
    });
  });
}
