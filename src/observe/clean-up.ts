import { assertNever } from "../model/assert-never.ts";
import type { Clock } from "../system/clock.ts";
import type { Answer, Http } from "../system/http.ts";
import type { Statements } from "../system/postgres-statements.ts";
import { FAILURE_WORDS } from "./exchange.ts";
import { CLEAN_UP_MS, type CleanUp, MARK_HOLDER } from "./synthetic-settings.ts";

/** What a clean-up is done with. */
export interface CleanUpPorts {
  readonly clock: Clock;
  readonly http: Http;
  readonly statements: Statements;
  readonly databaseUrl?: string | undefined;
}

const MAX_BODY_BYTES = 64 * 1024;
/** It is not there, or not any more. */
const GONE: ReadonlySet<number> = new Set([404, 410]);

/**
 * Deletes what a mark left in the application; undefined when nothing of it is there any more, else why that is not known. It
 * has its own time and no signal: what was begun is cleaned up also when rollwatch is told to stop.
 */
export async function cleanUp(
  how: CleanUp,
  mark: string,
  ports: CleanUpPorts,
): Promise<string | undefined> {
  const limit = ports.clock.deadline(CLEAN_UP_MS, new AbortController().signal);
  try {
    return how.delete === undefined
      ? await runStatements(how, mark, ports, limit)
      : await askToDelete({ ...how, delete: how.delete }, mark, ports.http, limit);
  } catch (error) {
    if (!limit.aborted) {
      throw error;
    }
    return "it took too long";
  }
}

async function runStatements(
  { sql = [], databaseUrl }: CleanUp,
  mark: string,
  ports: CleanUpPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = databaseUrl ?? ports.databaseUrl;
  if (url === undefined) {
    return "no database is configured";
  }
  const done = await ports.statements.run({ url, sql, timeoutMs: CLEAN_UP_MS }, mark, signal);
  return done.kind === "done" ? undefined : `${done.phase}: ${done.detail}`;
}

async function askToDelete(
  { delete: url, headers }: CleanUp & { readonly delete: string },
  mark: string,
  http: Http,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await http.ask(
    {
      url: url.replaceAll(MARK_HOLDER, mark),
      method: "DELETE",
      headers,
      timeoutMs: CLEAN_UP_MS,
      maxBodyBytes: MAX_BODY_BYTES,
    },
    signal,
  );
  return whyLeft(answer);
}

function whyLeft(answer: Answer): string | undefined {
  switch (answer.kind) {
    case "local":
      return answer.detail;
    case "failed":
      return `${FAILURE_WORDS[answer.reason]} (${answer.detail})`;
    case "answered": {
      const { status } = answer;
      const isGone = (status >= 200 && status < 300) || GONE.has(status);
      return isGone ? undefined : `the DELETE was answered with ${status}`;
    }
    default:
      return assertNever(answer);
  }
}
