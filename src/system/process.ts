/** One program run. No shell: `args` go to the program as they are. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** After this many milliseconds the child's process group gets TERM, then KILL. */
  readonly deadlineMs: number;
}

/** How a program ended. Output is capped at 1 MiB per stream; what is beyond is dropped and `truncated` says so. */
export interface Finished {
  readonly kind: "exited" | "timed-out" | "not-found";
  /** Exit status; null when a signal ended it or it never ran. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** A process of this machine as the kernel tells it; parts that the platform or rights do not show are absent. */
export interface ProcessFacts {
  /** Distinguishes two processes that had the same pid. */
  readonly startTicks?: string;
  readonly cwd?: string;
  readonly commandLine?: string;
}

/** Other processes. */
export interface Processes {
  /** Runs a program in a process group of its own; returns when the whole group is gone. Abort ends it like the deadline does. */
  run(command: Command, signal: AbortSignal): Promise<Finished>;
  /** What the kernel says about a pid; undefined when there is no such process. */
  look(pid: number): Promise<ProcessFacts | undefined>;
}
