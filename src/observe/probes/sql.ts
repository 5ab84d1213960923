import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, Ratio, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Statements } from "../../system/postgres-statements.ts";
import { createFall } from "../fall.ts";
import type { Probe } from "../probe.ts";
import { readingOfNoAnswer } from "../statement-reading.ts";

/** Asks the database a question of the operator's, whose answer is one number. */
export const SqlProbeSettings = z
  .strictObject({
    kind: z.literal("sql"),
    /** One query that answers one row with one number. It runs in a read-only transaction, with the role of `database.url`. */
    query: z.string().trim().min(1),
    /** `value`: the number itself. `fall`: the share by which it lies below its highest of `over`. Default value. */
    measure: z.enum(["value", "fall"]).default("value"),
    /** Of `fall`: how far back its highest may lie; changes of the release do not forget it, a restart of rollwatch does. Default 24h. */
    over: PositiveDuration.optional(),
    /** Of `fall`: the share that the application itself deletes in that time, which is no fall. Default 0%. */
    retention: Ratio.optional(),
    /** Time between two questions. Default 60s. */
    interval: PositiveDuration.prefault("60s"),
    /** After this long the question is cancelled, which says nothing about the data. Default 5s. */
    timeout: PositiveDuration.prefault("5s"),
  })
  .superRefine(({ measure, over, retention }, context) => {
    for (const [key, value] of Object.entries({ over, retention })) {
      if (measure === "value" && value !== undefined) {
        const message = `expected no ${key} beside \`measure: value\`, which remembers nothing`;
        context.addIssue({ code: "custom", path: [key], message });
      }
    }
  });
export type SqlProbeSettings = z.infer<typeof SqlProbeSettings>;

const DAY_MS = 24 * 60 * 60_000;

/** What the probe asks with; the address is absent when no database is configured. */
export interface SqlProbePorts {
  readonly clock: Clock;
  readonly statements: Statements;
  readonly databaseUrl?: string | undefined;
}

/** A probe of what the query answers. Whatever keeps it from answering with one number is no measurement. */
export function createSqlProbe(
  name: string,
  settings: SqlProbeSettings,
  { clock, statements, databaseUrl }: SqlProbePorts,
): Probe {
  const { kind, interval, timeout, query } = settings;
  const readingOf = createReader(settings, clock);
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      if (databaseUrl === undefined) {
        return noMetrics("no database is configured");
      }
      const question = { url: databaseUrl, sql: query, timeoutMs: timeout };
      const deadline = clock.deadline(timeout, signal);
      try {
        const answer = await statements.askNumber(question, deadline);
        switch (answer.kind) {
          case "number":
            return readingOf(answer.value);
          case "no-number":
            return noMetrics(answer.detail);
          case "fails":
            return readingOfNoAnswer(answer);
          default:
            return assertNever(answer);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (deadline.aborted) {
          return noMetrics(`it did not answer within ${tellDuration(timeout)}, and was cancelled`);
        }
        throw error;
      }
    },
  };
}

function createReader(settings: SqlProbeSettings, clock: Clock): (value: number) => Reading {
  const { measure, over = DAY_MS, retention = 0 } = settings;
  switch (measure) {
    case "value":
      return (value) => ({ kind: "measured", value, detail: `it answers ${value}` });
    case "fall":
      return createFall({ overMs: over, retention }, clock);
    default:
      return assertNever(measure);
  }
}

function noMetrics(detail: string): Reading {
  return { kind: "absent", reason: "no-metrics", detail };
}
