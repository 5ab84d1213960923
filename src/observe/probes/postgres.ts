import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { DatabaseActivity } from "../../system/postgres-activity.ts";
import type { Probe } from "../probe.ts";
import type { Shared } from "../shared.ts";

/** Asks the database itself, with rollwatch's own role. */
export const PostgresProbeSettings = z.strictObject({
  kind: z.literal("postgres"),
  /**
   * `failure`: 1 when it cannot be connected to or asked, else 0. `connections`: share of those it allows. `waiting`: sessions that
   * wait for a lock. `longest-transaction`: seconds for which the oldest transaction is open.
   */
  measure: z.enum(["failure", "connections", "waiting", "longest-transaction"]),
  /** Time between two questions; signals share them. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** After this long without an answer the database failed. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
});
export type PostgresProbeSettings = z.infer<typeof PostgresProbeSettings>;

/** The shared question; it is absent when no database is configured. */
export interface PostgresProbePorts {
  readonly clock: Clock;
  readonly activity?: Shared<DatabaseActivity> | undefined;
}

type Measure = PostgresProbeSettings["measure"];
type Answered = Extract<DatabaseActivity, { kind: "answers" }>;
type Failed = Extract<DatabaseActivity, { kind: "fails" }>;

/** A probe of the database itself. */
export function createPostgresProbe(
  name: string,
  settings: PostgresProbeSettings,
  { clock, activity }: PostgresProbePorts,
): Probe {
  const { kind, interval, timeout, measure } = settings;

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

  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      const answer = await ask(signal);
      return answer.kind === "fails"
        ? readingOfFailure(answer, measure)
        : readingOf(answer, measure);
    },
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

function readingOf(activity: Answered, measure: Measure): Reading {
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
