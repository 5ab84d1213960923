import type { Recovery } from "../model/history.ts";
import { changesDatabase } from "../model/plan.ts";
import type { RecordedSample } from "./evidence.ts";
import type { ToldNotice } from "./notices.ts";
import { stepText } from "./timeline.ts";

/** Requests that a signal counted between the first bad sample and the end. */
export interface CountedRequests {
  readonly signal: string;
  readonly bad: number;
  readonly total: number;
}

/** Whom and what it touched, as far as rollwatch knows; everything else is for people to find out. */
export interface Impact {
  /** How long it lasted, in milliseconds; null while it is not over. */
  readonly durationMs: number | null;
  /** Of signals that count requests; empty: no number of requests is known. */
  readonly requests: readonly CountedRequests[];
  /** What plans did to the database, one line per step that was begun, and the rows that a replaced one has alone. Empty: nothing that rollwatch did. */
  readonly database: readonly string[];
}

/** Sums up the requests that were counted from `from` to `until`. */
export function requestsOf(
  samples: readonly RecordedSample[],
  { from, until }: { readonly from: number; readonly until: number },
): readonly CountedRequests[] {
  const sums = new Map<string, CountedRequests>();
  for (const { signal, at, counts } of samples) {
    if (counts === undefined || at < from || at > until) {
      continue;
    }
    const { bad, total } = sums.get(signal) ?? { bad: 0, total: 0 };
    sums.set(signal, { signal, bad: bad + counts.bad, total: total + counts.total });
  }
  return [...sums.values()].filter(({ total }) => total > 0);
}

/** What the steps of database plans say of themselves, and which rows the replaced database has alone. */
export function databaseOf(
  recoveries: readonly Recovery[],
  notices: readonly ToldNotice[],
): readonly string[] {
  const kept = notices.filter(({ reason }) => reason === "rows-kept").map(({ title }) => title);
  return [...stepsOf(recoveries), ...kept];
}

function stepsOf(recoveries: readonly Recovery[]): readonly string[] {
  return recoveries
    .filter(({ plan }) => changesDatabase(plan.scope))
    .flatMap(({ plan, steps }) => {
      const acts = new Set(plan.steps.filter(isOfDatabase).map(({ id }) => id));
      return steps
        .filter(({ step }) => acts.has(step))
        .map(({ step, outcome }) => {
          const came =
            outcome === undefined ? "not finished" : `${outcome.kind}, ${outcome.detail}`;
          return `${stepText(plan, step)}: ${came}`;
        });
    });
}

const DATABASE_KINDS: ReadonlySet<string> = new Set([
  "restore-database",
  "verify-database",
  "swap-database",
  "swap-behind-pool",
  "move-sequences",
  "take-migrations-down",
]);

function isOfDatabase({ kind }: { readonly kind: string }): boolean {
  return DATABASE_KINDS.has(kind);
}
