import { Client } from "pg";
import { z } from "zod";
import { Failure, messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { connectionTo, namelessAddress, sessionName } from "./postgres-own.ts";

/** One rollwatch at a time takes a database of a server back, from wherever it runs. The lock is the server's: it is free when the session ends. */
export interface DatabaseHold {
  /** Returns once this rollwatch has the lock; asks for it anew where the session was lost. Throws `refused`, with who has it. */
  ensure(signal: AbortSignal): Promise<void>;
  release(): Promise<void>;
}

/** The advisory lock, in the database `postgres`; that of the swap's own transaction is another. */
const LOCK = { space: 746_391, key: 2 } as const;
const CONNECT_MS = 5000;
/** A rollwatch that was killed has its session at the server for a moment more. */
const PATIENCE_MS = 15_000;
const AGAIN_MS = 200;

const TRY_LOCK = `select pg_try_advisory_lock(${LOCK.space}, ${LOCK.key}) as held`;
const ASK_HOLDER = `
  select concat_ws(' ', a.usename, a.application_name, 'pid', l.pid, 'from', coalesce(host(a.client_addr), 'this host'),
    'since', to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'UTC') as who
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid = ${LOCK.space} and l.objid = ${LOCK.key} and l.granted`;

const Held = z.object({ held: z.boolean() });
const Who = z.array(z.object({ who: z.string() }));

interface Session {
  readonly client: Client;
  isLost: boolean;
}

/** Not held yet. */
export function openDatabaseHold(url: string, clock: Clock): DatabaseHold {
  let session: Session | undefined;
  return {
    ensure: async (signal) => {
      if (session !== undefined && !session.isLost) {
        return;
      }
      try {
        session = await take(url, clock, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof Failure ? error : unreachable(messageOf(error));
      }
    },
    release: async () => {
      const { client } = session ?? {};
      session = undefined;
      await client?.end().catch(() => undefined);
    },
  };
}

async function connect(url: string): Promise<Session> {
  const address = namelessAddress(url);
  address.pathname = "/postgres";
  const client = new Client({
    ...connectionTo(address),
    application_name: sessionName(url, "rollwatch recovery"),
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
    keepAlive: true,
  });
  const opened: Session = { client, isLost: false };
  for (const event of ["error", "end"] as const) {
    client.on(event, () => {
      opened.isLost = true;
    });
  }
  await client.connect();
  return opened;
}

async function take(url: string, clock: Clock, signal: AbortSignal): Promise<Session> {
  const opened = await connect(url);
  const { client } = opened;
  const until = clock.monotonic() + PATIENCE_MS;
  try {
    while (!Held.parse((await client.query(TRY_LOCK)).rows[0]).held) {
      if (clock.monotonic() >= until) {
        const holders = Who.parse((await client.query(ASK_HOLDER)).rows);
        throw taken(holders.map(({ who }) => who).join(", "));
      }
      await clock.sleep(AGAIN_MS, signal);
    }
    return opened;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

function taken(who: string): Failure {
  return new Failure("refused", `another rollwatch takes a database of this server back: ${who}`, {
    hint: "Wait for its end. Nothing was changed by this one.",
  });
}

function unreachable(reason: string): Failure {
  return new Failure("swap-failed", `the server did not give its lock: ${reason}`, {
    hint: "`rollwatch doctor` asks the role of `database.rollback.url`.",
  });
}
