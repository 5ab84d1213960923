import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import { Failure } from "../../model/failure.ts";
import type { AbsenceReason, Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Processes } from "../../system/process.ts";
import { type Finished, LONGEST_END_MS, PROBE_GRACE_MS } from "../../system/process-run.ts";
import { lastLineOf, tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";

const AbsolutePath = z.string().regex(/^\/[^\0]*$/u, "expected an absolute path");
const Argument = z.string().regex(/^[^\0]*$/u, "expected a text without NUL");

/** Runs a program, never a shell, and measures whether it fails or the number that it prints. */
export const CommandProbeSettings = z.strictObject({
  kind: z.literal("command"),
  /** The program, absolute. */
  program: AbsolutePath,
  /** Its arguments, each as it is. Default none. */
  args: z.array(Argument).default([]),
  /** The folder that it runs in, absolute. Default /. */
  cwd: AbsolutePath.default("/"),
  /** Variables beside PATH, HOME, LANG and TZ, which are rollwatch's own. Default none. */
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, "expected a variable's name"), Argument)
    .default({}),
  /** `exit`: 1 when it ends with another status than expected or not in time, else 0. `number`: the last line that it prints. Default exit. */
  measure: z.enum(["exit", "number"]).default("exit"),
  /** Exit statuses that are healthy. Default [0]. */
  expectExit: z.array(z.int().min(0).max(255)).min(1).default([0]),
  /** Time between two runs. Default 1m. */
  interval: PositiveDuration.prefault("1m"),
  /** After this long it gets TERM, two seconds later KILL, with all that it has started. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type CommandProbeSettings = z.infer<typeof CommandProbeSettings>;

/** What the probe runs with. */
export interface CommandProbePorts {
  readonly processes: Processes;
  readonly clock: Clock;
  /** What every child program gets. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** Values that are never told. */
  readonly secrets: readonly string[];
}

/** What a shell ends with when the program that it was told to run is not there or not executable. */
const NOT_RUN: ReadonlySet<number> = new Set([126, 127]);
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/iu;

/** A probe that runs the program; what it leaves running is ended with it. */
export function createCommandProbe(
  name: string,
  settings: CommandProbeSettings,
  { processes, clock, childEnvironment, secrets }: CommandProbePorts,
): Probe {
  const { program, args, cwd, env, timeout } = settings;
  const hidden = [...secrets, ...Object.values(env)];
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: settings.interval,
    timeoutMs: timeout + LONGEST_END_MS,
    sample: async (signal) => {
      const environment = { ...childEnvironment, ...env };
      const command = { program, args, cwd, env: environment, deadlineMs: timeout };
      const started = clock.monotonic();
      try {
        const run = { ...command, graceMs: PROBE_GRACE_MS, endsEscaped: true };
        const finished = await processes.run(run, signal);
        const tookMs = clock.monotonic() - started;
        return readingOf({ finished, tookMs, said: saidBy(finished, hidden) }, settings);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Failure) {
          return absent("probe-crashed", tellForeign(error.message, hidden));
        }
        throw error;
      }
    },
  };
}

interface Run {
  readonly finished: Finished;
  readonly tookMs: number;
  /** The last words, safe to tell; empty when there were none. */
  readonly said: string;
}

function saidBy({ stdout, stderr }: Finished, hidden: readonly string[]): string {
  const line = lastLineOf(stderr) || lastLineOf(stdout);
  return line === "" ? "" : `: ${tellForeign(line, hidden)}`;
}

function readingOf(run: Run, settings: CommandProbeSettings): Reading {
  const { finished, said } = run;
  const { measure, timeout, program } = settings;
  switch (finished.kind) {
    case "not-found":
      return absent("probe-crashed", `${program} cannot be started${said}`);
    case "timed-out":
      return broken(measure, `it was not over after ${tellDuration(timeout)}${said}`);
    case "exited":
      return readingOfExit(run, settings);
    default:
      return assertNever(finished.kind);
  }
}

function readingOfExit(run: Run, { measure, expectExit }: CommandProbeSettings): Reading {
  const { finished, tookMs, said } = run;
  const { status } = finished;
  if (status === null) {
    // Who sends signals is a person, or the kernel that needs memory: no finding of the program's.
    return absent("probe-crashed", `it was ended by a signal${said}`);
  }
  const course = `exit ${status} after ${tellDuration(tookMs)}`;
  if (!expectExit.includes(status)) {
    return NOT_RUN.has(status)
      ? absent("probe-crashed", `${course}, which says that a program is missing${said}`)
      : broken(measure, `${course}, expected ${expectExit.join(" or ")}${said}`);
  }
  return measure === "exit"
    ? { kind: "measured", value: 0, detail: course }
    : readingOfNumber(run, course);
}

function readingOfNumber({ finished, said }: Run, course: string): Reading {
  const line = lastLineOf(finished.stdout);
  const value = NUMBER.test(line) ? Number(line) : Number.NaN;
  if (finished.truncated) {
    return absent("no-metrics", `${course}, but it printed too much to find its last line`);
  }
  return Number.isFinite(value)
    ? { kind: "measured", value, detail: `${line} (${course})` }
    : absent("no-metrics", `${course}, but its last line is no number${said}`);
}

/** A failure is what `exit` measures; a number that nobody printed is none. */
function broken(measure: CommandProbeSettings["measure"], detail: string): Reading {
  return measure === "exit" ? { kind: "measured", value: 1, detail } : absent("no-metrics", detail);
}

function absent(reason: AbsenceReason, detail: string): Reading {
  return { kind: "absent", reason, detail };
}
