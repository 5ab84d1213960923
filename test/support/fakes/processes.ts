import type { Command, Finished } from "../../../src/system/process-run.ts";
import type { ProcessFacts } from "../../../src/system/process-table.ts";
import type { Processes } from "../../../src/system/process.ts";

/** Processes that never run; what a command answers and what the kernel says of a pid is scripted. */
export interface FakeProcesses extends Processes {
  /** Every command that was run, in order. */
  readonly commands: readonly Command[];
  /** The answer to commands whose program and arguments, joined by blanks, start with `prefix`; the latest match wins. */
  answer(prefix: string, finished: Partial<Finished>): void;
  /** Facts about a pid; undefined ends it. */
  setProcess(pid: number, facts: ProcessFacts | undefined): void;
  /** What the kernel shows of a pid's environment from now on. */
  setEnvironment(pid: number, environment: Readonly<Record<string, string>>): void;
  /** Children that survive KILL from now on, as people are told of them. */
  setStuck(told: readonly string[]): void;
}

/** Makes processes where every program exits with 0 and says nothing until told otherwise. */
export function fakeProcesses(): FakeProcesses {
  const commands: Command[] = [];
  const answers: { readonly prefix: string; readonly finished: Partial<Finished> }[] = [];
  const facts = new Map<number, ProcessFacts>();
  const environments = new Map<number, Readonly<Record<string, string>>>();
  let stuck: readonly string[] = [];

  async function run(command: Command, signal: AbortSignal): Promise<Finished> {
    signal.throwIfAborted();
    commands.push(command);
    const line = [command.program, ...command.args].join(" ");
    const found = answers.find((one) => line.startsWith(one.prefix));
    const quiet = {
      kind: "exited",
      status: 0,
      stdout: "",
      stderr: "",
      truncated: false,
    } as const;
    return { ...quiet, ...found?.finished };
  }

  return {
    commands,
    answer(prefix, finished) {
      answers.unshift({ prefix, finished });
    },
    setProcess(pid, known) {
      if (known === undefined) {
        facts.delete(pid);
      } else {
        facts.set(pid, known);
      }
    },
    setEnvironment(pid, environment) {
      environments.set(pid, environment);
    },
    setStuck(told) {
      stuck = told;
    },
    run,
    async runPiped(from, to, signal) {
      return [await run(from, signal), await run(to, signal)];
    },
    deployingIn: async () => [],
    endLeftBehind: async () => 0,
    stuck: async () => stuck,
    async look(pid) {
      return facts.get(pid);
    },
    async environment(pid) {
      return environments.get(pid);
    },
    async titled(beginning) {
      const all = [...facts].filter(([, { commandLine = "" }]) =>
        commandLine.startsWith(beginning),
      );
      return all.map(([pid]) => pid);
    },
    ancestors: async () => [1],
  };
}
