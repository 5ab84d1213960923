import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import type { Clock } from "./clock.ts";
import { collect, type Collected } from "./process-output.ts";
import { type Child, endOf, type Finished, neverRan, untilSettled, waysOf } from "./process-run.ts";

/** Two programs; the deadline of the first counts for both. */
interface Piped {
  readonly from: Child;
  readonly to: Child;
}

/** Runs two programs, the output of the first being the input of the second; returns when both groups are gone. */
export async function runPiped(
  { from, to }: Piped,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly [Finished, Finished]> {
  const [first, second] = [from.command, to.command];
  const source = execa(first.program, first.args, {
    ...waysOf(first, from.env),
    stdin: "ignore",
    buffer: false,
  });
  const sink = execa(second.program, second.args, {
    ...waysOf(second, to.env),
    stdin: "pipe",
    buffer: false,
  });
  const said = collect(sink.stdout);
  const errors = [collect(source.stderr), collect(sink.stderr)] as const;
  const deadline = clock.deadline(first.deadlineMs, signal);
  // Where one of them ends early, this ends the other's stream: both exit statuses tell of it.
  const flowing = pipeline(source.stdout, sink.stdin).catch(() => undefined);
  const [sourceEnded, sinkEnded] = await Promise.all([
    endOf(source, from, clock, deadline),
    endOf(sink, to, clock, deadline),
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
      ? neverRan(first, results[0])
      : finished(results[0].exitCode, sourceEnded, { errors: errors[0] }),
    sink.pid === undefined
      ? neverRan(second, results[1])
      : finished(results[1].exitCode, sinkEnded, { said, errors: errors[1] }),
  ];
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
