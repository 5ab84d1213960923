import type { Client } from "pg";
import { z } from "zod";
import type { DatabasePair } from "../model/aside-database.ts";

/** What a swap is asked to be possible for. */
export interface SwapQuestion {
  readonly pair: DatabasePair;
  /** The cluster that the plan was made for; null where it is not known. */
  readonly systemIdentifier: string | null;
  /** Roles and application_names of sessions that it may end. */
  readonly mayEnd: readonly string[];
}

const LONGEST_NAME_BYTES = 63;

const BOTH = "array[$1::oid, $2::oid]";
const NAMES = `(select datname from pg_database where oid = any(${BOTH}))`;
/** Sessions have a user; what the server itself does for a database has none, and ends by itself. */
const SESSIONS = `
  select a.pid, a.usename, a.application_name from pg_stat_activity a
  where a.datid = any(${BOTH}) and a.pid <> pg_backend_pid() and a.usename is not null`;
const IS_DECLARED = `
  (usename = any($3) or application_name = any($3)
    or (usename = session_user and application_name like 'rollwatch%'))`;

/** Ends every session that may be ended, one by one: one that may not must not keep the others. */
export const ASK_TO_END = `select pid from (${SESSIONS}) s where ${IS_DECLARED}`;

/** Each answers with the `what` of what stands in the way, one per row. */
const OBSTACLES: readonly {
  readonly sql: string;
  readonly takes: 0 | 2 | 3;
  readonly tell: (what: string) => string;
}[] = [
  {
    takes: 0,
    sql: "select 'standby' as what where pg_is_in_recovery()",
    tell: () => "the server is a standby: swap on the one that takes writes",
  },
  {
    takes: 2,
    sql: `select gid as what from pg_prepared_xacts where database in ${NAMES} order by 1`,
    tell: (what) => `prepared transactions are open (${what}): commit or roll them back`,
  },
  {
    takes: 2,
    sql: `select subname as what from pg_subscription where subdbid = any(${BOTH}) order by 1`,
    tell: (what) => `subscriptions feed one of the databases (${what})`,
  },
  {
    takes: 2,
    sql: `select slot_name as what from pg_replication_slots where active and database in ${NAMES} order by 1`,
    tell: (what) => `logical replication slots of one of the databases are in use (${what})`,
  },
  {
    takes: 0,
    sql: "select rolname as what from pg_roles where rolname = current_user and not (rolsuper or rolcreatedb)",
    tell: (what) => `role ${what} may rename no database (CREATEDB)`,
  },
  {
    takes: 2,
    sql: `select distinct pg_get_userbyid(datdba) as what from pg_database
          where oid = any(${BOTH}) and not pg_has_role(datdba, 'usage') order by 1`,
    tell: (what) => `the role of database.rollback.url is no member of the owner ${what}`,
  },
  {
    takes: 3,
    sql: `select distinct s.usename::text as what from (${SESSIONS}) s
          join pg_roles r on r.rolname = s.usename join pg_roles me on me.rolname = current_user
          where ${IS_DECLARED} and not me.rolsuper
            and (r.rolsuper or not (pg_has_role(r.oid, 'member') or pg_has_role('pg_signal_backend', 'usage')))
          order by 1`,
    tell: (what) =>
      `the role of database.rollback.url may not end the sessions of ${what} (pg_signal_backend; a superuser's only another superuser)`,
  },
  {
    takes: 3,
    sql: `select trim(usename || ' ' || application_name) || case when count(*) > 1 then ' (' || count(*) || ' sessions)' else '' end as what
          from (${SESSIONS}) s where not ${IS_DECLARED} group by usename, application_name order by 1`,
    tell: (what) =>
      `sessions that nobody declared in database.rollback.mayEnd use the database: ${what}`,
  },
];

const ASK_SYSTEM = "select system_identifier::text as id from pg_control_system()";
const ASK_MAY_SYSTEM = "select has_function_privilege('pg_control_system()', 'execute') as may";

const Found = z.array(z.object({ what: z.string() }));
const Identifier = z.object({ id: z.string() });
const May = z.object({ may: z.boolean() });

/** Everything that stands in the way of the swap but for where the two databases stand, as sentences. Changes nothing. */
export async function readSwapObstacles(
  client: Client,
  { pair, systemIdentifier, mayEnd }: SwapQuestion,
): Promise<readonly string[]> {
  const parameters = [pair.replaced.oid, pair.next.oid, mayEnd];
  const obstacles = [...tellNames(pair), ...(await tellCluster(client, systemIdentifier))];
  for (const { sql, takes, tell } of OBSTACLES) {
    const found = Found.parse((await client.query(sql, parameters.slice(0, takes))).rows);
    const what = found.map((one) => one.what).join(", ");
    obstacles.push(...(found.length === 0 ? [] : [tell(what)]));
  }
  return obstacles;
}

/** The server would cut a longer name, and two cut ones may be the same. */
function tellNames({ live, replaced, next }: DatabasePair): readonly string[] {
  return [live, replaced.name, next.name]
    .filter((name) => Buffer.byteLength(name) > LONGEST_NAME_BYTES)
    .map((name) => `${name} is longer than ${LONGEST_NAME_BYTES} bytes`);
}

async function tellCluster(client: Client, expected: string | null): Promise<readonly string[]> {
  const { may } = May.parse((await client.query(ASK_MAY_SYSTEM)).rows[0]);
  if (expected === null || !may) {
    return [];
  }
  const { id } = Identifier.parse((await client.query(ASK_SYSTEM)).rows[0]);
  return id === expected
    ? []
    : [`this is cluster ${id}, and the databases of the plan are in cluster ${expected}`];
}
