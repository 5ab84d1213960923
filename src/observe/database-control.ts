import type { Control } from "../model/control.ts";
import { tellDuration } from "../model/units.ts";
import type { Clock } from "../system/clock.ts";
import type { DatabaseAnswer } from "../system/postgres-check.ts";
import type { DatabasePhase } from "../system/postgres-phase.ts";
import type { Database } from "../system/postgres.ts";
import { type Holding, holdingOf } from "./connection-holders.ts";

/** The control `database`: asked again and again, it remembers what a full server no longer tells. */
export type DatabaseControl = (signal: AbortSignal) => Promise<Omit<Control, "name">>;

type Answer = Omit<Control, "name">;
type Failed = Extract<DatabaseAnswer, { kind: "fails" }>;

/** What a full server looked like before it was full still counts after this time. */
const LOOK_LASTS_MS = 60_000;

/** What it says lies on rollwatch's own side: its credentials, its rights, its descriptors. The application's may be fine. */
const OURS: ReadonlySet<DatabasePhase> = new Set([
  "authentication",
  "forbidden",
  "out-of-resources",
]);

/** What is remembered between two questions. */
interface Memory {
  /** Who held the connections when it last answered, and when that was, in monotonic ms. */
  readonly look?: { readonly holding: Holding; readonly at: number };
  /** Since when it takes no more connections, in monotonic ms. */
  readonly fullSince?: number;
}

/** The control of a database that belongs to these services; `database` is absent when none is configured. */
export function createDatabaseControl(
  { clock, database }: { readonly clock: Clock; readonly database?: Database },
  services: readonly string[],
): DatabaseControl {
  let memory: Memory = {};

  async function ask(from: Database, signal: AbortSignal): Promise<Answer> {
    const answer = await from.check(signal);
    if (answer.kind === "fails") {
      memory = answer.phase === "too-many-connections" ? full(memory, clock) : emptied(memory);
      return answerOfFailed(answer, memory);
    }
    const look = { holding: holdingOf(answer, services), at: clock.monotonic() };
    memory = { ...emptied(memory), look };
    return answer.readOnly === undefined
      ? {
          state: "green",
          detail: `PostgreSQL ${answer.version} answered in ${tellDuration(answer.tookMs)}`,
        }
      : { state: "red", detail: `read-only: ${answer.readOnly}` };
  }

  return async (signal) => {
    if (database === undefined) {
      return { state: "unknown", detail: "no database is configured" };
    }
    return ask(database, signal).catch((error: unknown): Answer => {
      if (!signal.aborted) {
        throw error;
      }
      memory = emptied(memory);
      return { state: "red", detail: "answer-timeout: no answer in the time of a control" };
    });
  };
}

function full(memory: Memory, clock: Clock): Memory {
  return { ...memory, fullSince: memory.fullSince ?? clock.monotonic() };
}

function emptied({ fullSince: _since, ...rest }: Memory): Memory {
  return rest;
}

function answerOfFailed({ phase, detail }: Failed, memory: Memory): Answer {
  const told = `${phase}: ${detail}`;
  if (OURS.has(phase)) {
    return { state: "unknown", detail: told };
  }
  if (phase !== "too-many-connections") {
    return { state: "red", detail: told };
  }
  const { look, fullSince = 0 } = memory;
  return look === undefined || fullSince - look.at > LOOK_LASTS_MS
    ? { state: "red", detail: `${told}; nobody saw who took them`, takenBy: "unknown" }
    : { state: "red", detail: `${told}; ${look.holding.detail}`, takenBy: look.holding.by };
}
