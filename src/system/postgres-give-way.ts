import type { Socket } from "node:net";
import { Failure, messageOf } from "../model/failure.ts";
import { type Child, childOf } from "./abort.ts";
import type { Clock } from "./clock.ts";
import type { Ids } from "./ids.ts";
import { ask, type Connections, describe, passwordOf } from "./postgres-connection.ts";
import { sessionName } from "./postgres-own.ts";

/** Sessions of rollwatch on the watched server that may keep nobody waiting. */
export interface OwnSessions {
  readonly connections: Connections;
  /** The application_name that they alone have: letters, digits, blanks, `-` and `.`, at most 63. */
  readonly application: string;
}

/** Whom to ask, and what the sessions are for: at most 25 characters. */
interface Asked {
  readonly url: string;
  readonly database?: string;
  readonly purpose: string;
}

/** So many of a random token tell two pieces of work of one process apart. */
const NAME_DIGITS = 6;
/** How often it is looked whether somebody waits. */
const LOOK_MS = 1000;
/** So many looks in a row without an answer count as somebody who waits: a server full of waiting clients lets no one in. */
const UNANSWERED = 3;
/** Longest time for what is left on the server to end. */
const END_MS = 5000;
const END_POLL_MS = 50;

/**
 * Who waits, and for what. A session that connects to a database while that is copied is told nothing of but its wait; one alone
 * may be autovacuum's, which comes every minute and has time.
 */
const WAITERS = `
  with ours as (
    select pid from pg_stat_activity where application_name = '$name' and usename = session_user
  ), waiters as (
    select coalesce(nullif(application_name, ''), usename, 'somebody') as who,
           l.pid, coalesce(relation::regclass::text, locktype) as lock, a.pid is null as connects
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where not granted and l.pid not in (select pid from ours)
      and coalesce(backend_type, 'client backend') <> 'autovacuum worker'
      and pg_blocking_pids(l.pid) && array(select pid from ours)
  )
  select who, pid::text as pid, lock from waiters
  where not connects or (select count(*) from waiters where connects) > 1
  limit 1`;
const TERMINATE = `
  select count(pg_terminate_backend(pid))::text as left
  from pg_stat_activity where application_name = '$name' and usename = session_user`;

/** Sessions for one piece of work, which is asked about in `database`. Default: that of the address. Throws `config-invalid`. */
export function ownSessions(
  { url, database, purpose }: Asked,
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
): OwnSessions {
  const password = passwordOf(url);
  const address = new URL(url);
  if (database !== undefined) {
    address.pathname = `/${encodeURIComponent(database)}`;
  }
  const application = sessionName(url, `${purpose}-${ids.token().slice(0, NAME_DIGITS)}`);
  const sockets = new Set<Socket>();
  return { connections: { url: address.href, password, clock, sockets }, application };
}

/**
 * Does work that holds locks, until one of its sessions keeps somebody else from a lock: a migration, say, behind which the whole
 * application would wait. Then the work is aborted with a `dump-failed` that names who waits. After every abort its sessions are
 * ended on the server too: one that counts a table would not notice that its client is gone.
 */
export async function givingWay<T>(
  own: OwnSessions,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const working = childOf(signal);
  const watching = childOf(signal);
  const watch = abortForWaiters(own, working, watching.signal);
  try {
    return await work(working.signal);
  } catch (error) {
    if (working.signal.aborted && !(await endSessions(own)) && !signal.aborted) {
      throw failure(`${messageOf(error)}; its sessions may still be on the server`, error);
    }
    throw error;
  } finally {
    watching.abort("the work is over");
    watching.release();
    working.release();
    await watch;
  }
}

async function abortForWaiters(
  own: OwnSessions,
  working: Child,
  signal: AbortSignal,
): Promise<void> {
  const reason = await untilSomebodyWaits(own, signal);
  if (reason !== undefined) {
    working.abort(failure(`gave way to ${reason}`));
    // Not only once the program is gone: whoever waits, waits for this.
    await endSessions(own);
  }
}

/** Undefined when the watch was ended. */
async function untilSomebodyWaits(
  own: OwnSessions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { clock, password } = own.connections;
  let unanswered = 0;
  while (!signal.aborted) {
    try {
      await clock.sleep(LOOK_MS, signal);
      const { who, pid, lock } = await ask(own.connections, about(own, WAITERS), signal);
      unanswered = 0;
      if (pid !== undefined) {
        return `${who} pid ${pid} which waits for a lock on ${lock}`;
      }
    } catch (error) {
      unanswered += 1;
      if (!signal.aborted && unanswered === UNANSWERED) {
        const { detail } = describe(error, password);
        return `whoever may wait: the database does not say who does (${detail})`;
      }
    }
  }
  return undefined;
}

/** Whether all of them are gone. */
async function endSessions(own: OwnSessions): Promise<boolean> {
  const { clock } = own.connections;
  const patience = clock.deadline(END_MS, new AbortController().signal);
  while (!patience.aborted) {
    // An answer that does not come, or that cannot be had while clients fill the server, is asked for again.
    const row = await ask(own.connections, about(own, TERMINATE), patience).catch(() => undefined);
    if (row?.["left"] === "0") {
      return true;
    }
    await clock.sleep(END_POLL_MS, patience).catch(() => undefined);
  }
  return false;
}

function about({ application }: OwnSessions, sql: string): string {
  return sql.replaceAll("$name", application);
}

function failure(message: string, cause?: unknown): Failure {
  return new Failure("dump-failed", message, {
    hint: "Once is no harm: it is tried again. If it happens each time, set `database.dump.schedule` to a quieter hour.",
    cause,
  });
}
