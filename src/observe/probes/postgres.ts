import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { DatabaseActivity } from "../../system/postgres-activity.ts";
import type { Probe } from "../probe.ts";
import { type CorruptionPorts, createCorruptionReader } from "../corruption.ts";
import type { Shared } from "../shared.ts";

const USUAL_MS = 2000;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Asks the database itself, with rollwatch's own role. */
export const PostgresProbeSettings = z
  .strictObject({
    kind: z.literal("postgres"),
    /**
     * `failure`: 1 when it cannot be connected to or asked, else 0. `connections`: share of those it allows. `waiting`: sessions that
     * wait for a lock. `longest-transaction`: seconds for which the oldest transaction is open. `checksum-failures`: damaged pages
     * that the server met since rollwatch began to look. `corruption`: 1 when pg_amcheck finds a damaged table or index, else 0.
     */
    measure: z.enum([
      "failure",
      "connections",
      "waiting",
      "longest-transaction",
      "checksum-failures",
      "corruption",
    ]),
    /** Of `corruption`: how often pg_amcheck is run, also at the start; between two runs its answer stands. Default 24h. */
    every: PositiveDuration.optional(),
    /** Time between two questions; signals share them. Default 5s. */
    interval: PositiveDuration.prefault("5s"),
    /** After this long without an answer the database failed, and of `corruption` nothing is known. Default 2s, of `corruption` 1h. */
    timeout: PositiveDuration.optional(),
  })
  .superRefine(({ measure, every }, context) => {
    if (every !== undefined && measure !== "corruption") {
      const message = "expected no every but beside `measure: corruption`";
      context.addIssue({ code: "custom", path: ["every"], message });
    }
  })
  .transform(({ every, ...settings }) => {
    const { measure, timeout } = settings;
    return measure === "corruption"
      ? { ...settings, measure, every: every ?? DAY_MS, timeout: timeout ?? HOUR_MS }
      : { ...settings, measure, timeout: timeout ?? USUAL_MS };
  });
export type PostgresProbeSettings = z.infer<typeof PostgresProbeSettings>;

/** The shared question and the address; they are absent when no database is configured. */
export interface PostgresProbePorts extends CorruptionPorts {
  readonly activity?: Shared<DatabaseActivity> | undefined;
}

/** What one short question answers. */
type Measure = Exclude<PostgresProbeSettings["measure"], "corruption">;

type Answered = Extract<DatabaseActivity, { kind: "answers" }>;
type Failed = Extract<DatabaseActivity, { kind: "fails" }>;

/** A probe of the database itself. */
export function createPostgresProbe(
  name: string,
  settings: PostgresProbeSettings,
  ports: PostgresProbePorts,
): Probe {
  const { kind, interval, timeout, measure } = settings;
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample:
      measure === "corruption"
        ? createCorruptionReader(settings, ports)
        : createActivityReader({ ...settings, measure }, ports),
  };
}

type Sample = (signal: AbortSignal) => Promise<Reading>;

function createActivityReader(
  { interval, timeout, measure }: PostgresProbeSettings & { readonly measure: Measure },
  { clock, activity }: PostgresProbePorts,
): Sample {
  const readChecksums = createChecksumReader();

  async function ask(signal: AbortSignal): Promise<DatabaseActivity> {
    if (activity === undefined) {
      throw new Error("no database is configured");
    }
    const deadline = clock.deadline(timeout, signal);
    try {
      return await activity.ask(interval / 2, deadline);
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) {
        const detail = `the database did not answer within ${tellDuration(timeout)}`;
        return { kind: "fails", phase: "answer-timeout", sqlstate: null, detail };
      }
      throw error;
    }
  }

  return async (signal) => {
    const answer = await ask(signal);
    return answer.kind === "fails"
      ? readingOfFailure(answer, measure)
      : readingOf(answer, measure, readChecksums);
  };
}

function readingOfFailure({ phase, detail, local }: Failed, measure: Measure): Reading {
  const told = `${phase}: ${detail}`;
  if (local !== undefined) {
    return { kind: "absent", reason: local, detail: told };
  }
  // rollwatch's own credentials or rights were refused, which says nothing about the application's.
  if (phase === "authentication" || phase === "forbidden") {
    return { kind: "absent", reason: "credentials", detail: told };
  }
  const isProof =
    measure === "failure" || (measure === "connections" && phase === "too-many-connections");
  return isProof
    ? { kind: "measured", value: 1, detail: told }
    : { kind: "absent", reason: "no-metrics", detail: told };
}

function readingOf(
  activity: Answered,
  measure: Measure,
  readChecksums: (activity: Answered) => Reading,
): Reading {
  switch (measure) {
    case "failure":
      return { kind: "measured", value: 0, detail: "the database answers" };
    case "connections": {
      const { connections, maxConnections } = activity;
      const detail = `${connections} of ${maxConnections} connections are used`;
      return { kind: "measured", value: Math.min(1, connections / maxConnections), detail };
    }
    case "waiting": {
      const detail = `${activity.waiting} sessions wait for a lock`;
      return { kind: "measured", value: activity.waiting, detail };
    }
    case "longest-transaction":
      return readingOfTransactions(activity);
    case "checksum-failures":
      return readChecksums(activity);
    default:
      return assertNever(measure);
  }
}

function readingOfTransactions({ longestTransactionMs, visible, hidden }: Answered): Reading {
  const cure = `${hidden} sessions are hidden from this role: grant it pg_read_all_stats`;
  if (visible === 0 && hidden > 0) {
    return { kind: "absent", reason: "credentials", detail: cure };
  }
  const oldest =
    longestTransactionMs === 0
      ? "no transaction is open"
      : `the oldest transaction is open for ${tellDuration(longestTransactionMs)}`;
  const detail = hidden > 0 ? `${oldest}; ${cure}` : oldest;
  return { kind: "measured", value: longestTransactionMs / 1000, detail };
}

/** What was known at the first look is no news; a reset of the statistics begins anew. */
function createChecksumReader(): (activity: Answered) => Reading {
  let least = Infinity;

  return ({ checksumFailures }) => {
    if (checksumFailures === null) {
      const detail =
        "the server keeps no checksums: run `pg_checksums --enable` while it is stopped, or remove this signal";
      return { kind: "absent", reason: "no-metrics", detail };
    }
    least = Math.min(least, checksumFailures);
    const value = checksumFailures - least;
    const detail = `${value} damaged pages since rollwatch began to look, ${checksumFailures} in all`;
    return { kind: "measured", value, detail };
  };
}
