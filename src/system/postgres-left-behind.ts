import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import type { Instance } from "./instance.ts";
import { tagIn } from "./postgres-own.ts";
import { withClient } from "./postgres-session.ts";

/** Sessions at the database server that a killed rollwatch of this state folder has left there. */
export interface LeftSessions {
  /** Ends them; returns how many there were. Throws `dump-failed` where the server cannot be asked, or one would not end. */
  end(signal: AbortSignal): Promise<number>;
}

const POLL_MS = 50;
/** How long a session may take to end; one that creates an index looks often enough. */
const END_MS = 10_000;
/** Where nobody's copy stands in the way: whoever connects to a database that is copied waits for the copy. */
const MAINTENANCE = "postgres";

/** Only those of the same role: another's with such a name is not ours. */
const ASK_NAMES = `
  select distinct application_name as name from pg_stat_activity
  where usename = session_user and application_name like 'rollwatch%' and pid <> pg_backend_pid()`;
const TERMINATE = `
  select count(pg_terminate_backend(pid))::int as left from pg_stat_activity
  where usename = session_user and application_name = any($1) and pid <> pg_backend_pid()`;

const Names = z.array(z.object({ name: z.string() }));
const Left = z.object({ left: z.number() });

/** Those of every role that rollwatch connects as. */
export function openLeftSessions(
  urls: readonly string[],
  { clock, instance }: { readonly clock: Clock; readonly instance: Instance },
): LeftSessions {
  return {
    end: async (signal) => {
      async function use(client: Client): Promise<number> {
        return endIn(client, { clock, instance }, signal);
      }
      const ended = await Promise.all(
        [...new Set(urls)].map(async (url) => inEitherDatabase(url, use, signal)),
      );
      return ended.reduce((sum, one) => sum + one, 0);
    },
  };
}

/** A role that may connect to its own database alone copies none: there it is looked for in that. */
async function inEitherDatabase<T>(
  url: string,
  use: (client: Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await withClient({ url, database: MAINTENANCE }, use, signal);
  } catch {
    signal.throwIfAborted();
    return withClient({ url }, use, signal);
  }
}

async function endIn(
  client: Client,
  { clock, instance }: { readonly clock: Clock; readonly instance: Instance },
  signal: AbortSignal,
): Promise<number> {
  const names: string[] = [];
  for (const { name } of Names.parse((await client.query(ASK_NAMES)).rows)) {
    const tag = tagIn(name);
    if (tag !== undefined && (await instance.isLeft(tag))) {
      names.push(name);
    }
  }
  const until = clock.monotonic() + END_MS;
  let found: number | undefined;
  for (;;) {
    // A program may open another session while its first one is ended.
    const { left } = Left.parse((await client.query(TERMINATE, [names])).rows[0]);
    found ??= left;
    if (left === 0) {
      return found;
    }
    if (clock.monotonic() > until) {
      throw new Failure("dump-failed", `${left} sessions of a killed rollwatch would not end`, {
        hint: "Look at pg_stat_activity for `rollwatch`; a session that hangs in the kernel ends with its server.",
      });
    }
    await clock.sleep(POLL_MS, signal);
  }
}
