import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { ProbingResult, type ProbingTask } from "./probing-task.ts";

/** One way of probing, and what its rounds took. */
export interface ProbingCase {
  readonly name: string;
  readonly probes: number;
  readonly intervalMs: number;
  readonly hangs: boolean;
  readonly rounds: readonly ProbingResult[];
}

const Ports = z.object({ answering: z.number(), hanging: z.number() });
type Ports = z.infer<typeof Ports>;

/** Default intervals at three sizes, then ever shorter ones, then the same probes without and with a target that hangs. */
const CASES: readonly Omit<ProbingCase, "rounds">[] = [
  ...[10, 100, 1000].map((probes) => ({
    name: `${probes} probes, every 2 s`,
    probes,
    intervalMs: 2000,
    hangs: false,
  })),
  ...[700, 500, 400].map((intervalMs) => ({
    name: `1000 probes, every ${intervalMs} ms`,
    probes: 1000,
    intervalMs,
    hangs: false,
  })),
  ...[false, true].map((hangs) => ({
    name: `100 probes, every second, ${hangs ? "beside a target that hangs" : "all answer"}`,
    probes: 100,
    intervalMs: 1000,
    hangs,
  })),
];

const WARM_UP_MS = 3000;
const MEASURE_MS = 8000;

/** Measures every case in `rounds` interleaved rounds, against a trivial server in a process of its own. */
export async function measureProbing(
  rounds: number,
  tell: (line: string) => void,
): Promise<readonly ProbingCase[]> {
  const measured = CASES.map((one) => ({ ...one, rounds: new Array<ProbingResult>() }));
  const target = start("target.ts", []);
  try {
    const ports = Ports.parse(await answerOf(target));
    for (let round = 1; round <= rounds; round += 1) {
      for (const one of measured) {
        const result = await runOnce(one, ports);
        one.rounds.push(result);
        tell(
          `round ${round} of ${rounds}, ${one.name}: ${Math.round(result.healthyPerSecond)}/s, ${result.cpuMsPerRun.toFixed(2)} ms each`,
        );
      }
    }
  } finally {
    target.kill();
  }
  return measured;
}

async function runOnce(
  { probes, intervalMs, hangs }: Omit<ProbingCase, "rounds">,
  ports: Ports,
): Promise<ProbingResult> {
  const task: ProbingTask = {
    probes,
    intervalMs,
    url: `http://127.0.0.1:${ports.answering}/`,
    ...(hangs ? { hangingUrl: `http://127.0.0.1:${ports.hanging}/` } : {}),
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
  };
  return ProbingResult.parse(await answerOf(start("prober.ts", [JSON.stringify(task)])));
}

function start(script: string, args: readonly string[]): ChildProcess {
  return fork(new URL(script, import.meta.url), args, { execArgv: ["--import", "tsx"] });
}

/** What the child tells first; a child that ends without a word is an error. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const ending = new AbortController();
  try {
    const { signal } = ending;
    return await Promise.race([
      once(child, "message", { signal }).then(([message]: unknown[]) => message),
      once(child, "exit", { signal }).then(() => {
        throw new Error(`${child.spawnargs.join(" ")} ended without an answer`);
      }),
    ]);
  } finally {
    ending.abort();
  }
}
