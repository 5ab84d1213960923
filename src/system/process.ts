import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { deployingIn } from "./deploying.ts";
import { type Instance, openInstance } from "./instance.ts";
import { isGroupGone } from "./process-group.ts";
import { runPiped } from "./process-pipe.ts";
import { type Child, type Command, type Finished, runOne, type Stuck } from "./process-run.ts";
import { ancestors, titled } from "./process-search.ts";
import { environment, look, type ProcessFacts } from "./process-table.ts";
import { endLeftBehind, endRun, TAG_VARIABLE } from "./process-tagged.ts";

/** Other processes. */
export interface Processes {
  /** Runs a program in a process group of its own; returns when the whole group is gone. Abort ends it like the deadline does. */
  run(command: Command, signal: AbortSignal): Promise<Finished>;
  /** Runs two, the output of the first being the input of the second; the deadline of the first counts for both. */
  runPiped(
    from: Command,
    to: Command,
    signal: AbortSignal,
  ): Promise<readonly [from: Finished, to: Finished]>;
  /** What the kernel says about a pid; undefined when there is no such process. */
  look(pid: number): Promise<ProcessFacts | undefined>;
  /** The environment that a process was started with, by the kernel's word; undefined where that is not shown. Secret. */
  environment(pid: number): Promise<Readonly<Record<string, string>> | undefined>;
  /** Pids of those whose command line begins like this and that see the same files as we do: none in a container. */
  titled(beginning: string): Promise<readonly number[]>;
  /** The programs of a deployment that work in a folder, each with its pid: git that changes the tree, npm, pnpm, yarn. */
  deployingIn(folder: string): Promise<readonly string[]>;
  /** The pids of this process, of the one that started it, and so on. */
  ancestors(): Promise<readonly number[]>;
  /** Ends the children of earlier processes of this state folder, which died before them; returns how many there were. */
  endLeftBehind(): Promise<number>;
  /** Children that are still there although they got KILL, as people are told of them. */
  stuck(): Promise<readonly string[]>;
}

/** Opens the processes of this machine, as a child of which every one bears the tag of `instance`. */
export function openProcesses(clock: Clock, instance: Instance = openInstance()): Processes {
  const stuck: Stuck[] = [];
  let runs = 0;

  function childOf(command: Command): Child {
    runs += 1;
    const tag = `${instance.tag()}.${runs}`;
    const name = basename(command.program);
    return {
      command,
      env: command.leavesDaemon === true ? command.env : { ...command.env, [TAG_VARIABLE]: tag },
      endEscaped: async () => command.endsEscaped !== true || endRun(tag, clock),
      remember: (group) => {
        const told = `${name} (process group ${group})`;
        stuck.push({ told, isGone: async () => isGroupGone(group) });
      },
    };
  }

  return {
    async run(command, signal) {
      signal.throwIfAborted();
      await requireFolder(command.cwd);
      return runOne(childOf(command), clock, signal);
    },
    async runPiped(from, to, signal) {
      signal.throwIfAborted();
      return runPiped({ from: childOf(from), to: childOf(to) }, clock, signal);
    },
    look,
    deployingIn,
    environment,
    titled,
    ancestors,
    async endLeftBehind() {
      await instance.keep();
      const { found, stuck: pids } = await endLeftBehind(instance, clock);
      for (const pid of pids) {
        const told = `pid ${pid}, which an earlier rollwatch has started`;
        const before = await look(pid);
        stuck.push({ told, isGone: async () => !isSame(before, await look(pid)) });
      }
      return found;
    },
    async stuck() {
      const left = await Promise.all(
        stuck.map(async ({ told, isGone }) => ((await isGone()) ? [] : [told])),
      );
      return left.flat();
    },
  };
}

/** Whether it is still the process that it was. */
function isSame(before: ProcessFacts | undefined, now: ProcessFacts | undefined): boolean {
  return now !== undefined && now.startTicks === before?.startTicks;
}

async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new Failure("program-failed", `the folder to run in does not exist: ${path}`, {
      hint: "Create the folder, or correct the path in the configuration.",
    });
  }
}
