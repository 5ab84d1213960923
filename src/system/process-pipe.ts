import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import type { Clock } from "./clock.ts";
import {
  collect,
  type Collected,
  type Command,
  endOfGroup,
  type Finished,
  neverRan,
  untilSettled,
} from "./process.ts";

/** Two programs; the deadline of the first counts for both. */
interface Piped {
  readonly from: Command;
  readonly to: Command;
}

/** Runs two programs, the output of the first being the input of the second; returns when both groups are gone. */
export async function runPiped(
  { from, to }: Piped,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly [Finished, Finished]> {
  signal.throwIfAborted();
  const source = execa(from.program, from.args, { ...ways(from), stdin: "ignore", buffer: false });
  const sink = execa(to.program, to.args, { ...ways(to), stdin: "pipe", buffer: false });
  const said = collect(sink.stdout);
  const errors = [collect(source.stderr), collect(sink.stderr)] as const;
  const deadline = clock.deadline(from.deadlineMs, signal);
  // Where one of them ends early, this ends the other's stream: both exit statuses tell of it.
  const flowing = pipeline(source.stdout, sink.stdin).catch(() => undefined);
  const [sourceEnded, sinkEnded] = await Promise.all([
    end(source, clock, deadline),
    end(sink, clock, deadline),
  ]);
  await flowing;
  await Promise.all([untilSettled(source, clock), untilSettled(sink, clock)]);
  for (const stream of [source.stderr, sink.stdout, sink.stderr]) {
    stream.destroy();
  }
  const results = [await source, await sink] as const;
  signal.throwIfAborted();
  return [
    source.pid === undefined
      ? neverRan(from, results[0])
      : finished(results[0].exitCode, sourceEnded, { errors: errors[0] }),
    sink.pid === undefined
      ? neverRan(to, results[1])
      : finished(results[1].exitCode, sinkEnded, { said, errors: errors[1] }),
  ];
}

function ways({ cwd, env }: Command): {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly extendEnv: false;
  readonly detached: true;
  readonly reject: false;
} {
  return { cwd, env, extendEnv: false, detached: true, reject: false };
}

/** Whether its group had to be ended. */
async function end(
  child: Parameters<typeof endOfGroup>[0] & { readonly pid?: number | undefined },
  clock: Clock,
  deadline: AbortSignal,
): Promise<boolean> {
  return child.pid === undefined ? false : endOfGroup(child, child.pid, clock, deadline);
}

function finished(
  exitCode: number | undefined,
  wasEnded: boolean,
  { said, errors }: { readonly said?: Collected; readonly errors: Collected },
): Finished {
  return {
    kind: wasEnded ? "timed-out" : "exited",
    status: exitCode ?? null,
    stdout: said?.text() ?? "",
    stderr: errors.text(),
    truncated: errors.isTruncated() || said?.isTruncated() === true,
  };
}
