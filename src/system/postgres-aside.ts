import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { DatabaseProperties } from "../model/warm-database.ts";
import { quoted } from "./postgres-session.ts";
import { SWAP_LOCK } from "./postgres-swap-message.ts";

/** A database as the server has it. */
export interface DatabaseOnServer {
  readonly name: string;
  readonly oid: number;
  /** On disk; null where the role may not know it. */
  readonly bytes: number | null;
}

/** One that a swap has replaced, and the name that must not be its own by now. */
export interface EndedDatabase {
  readonly name: string;
  readonly oid: number;
  readonly live: string;
}

/** What a swap sets for the one that it keeps, and for whom, as catalogues have it. */
const KEPT_SETTING = "default_transaction_read_only=on";
const HERE = "of everybody here";

const ASK_BY_OID = `
  select datname::text as name, oid::int8 as oid,
    case when has_database_privilege(oid, 'connect') or pg_has_role('pg_read_all_stats', 'usage')
      then pg_database_size(oid) end as bytes
  from pg_database where oid = any($1::oid[])`;
const TRY_LOCK = `select pg_try_advisory_lock(${SWAP_LOCK}) as held`;
const ASK_SESSIONS = `
  select distinct trim(usename || ' ' || application_name) as name from pg_stat_activity
  where datid = $1 and usename is not null order by 1`;

const OnServer = z.array(
  z.object({
    name: z.string(),
    oid: z.coerce.number(),
    bytes: z.coerce.number().nullable(),
  }),
);
const Held = z.object({ held: z.boolean() });
const Names = z.array(z.object({ name: z.string() }));

/** The databases with these OIDs, whatever their names are by now. */
export async function readByOid(
  client: Client,
  oids: readonly number[],
): Promise<readonly DatabaseOnServer[]> {
  return OnServer.parse((await client.query(ASK_BY_OID, [oids])).rows);
}

/**
 * Drops a replaced database: the one with this OID, while it has the name that it was kept under, nobody uses it and no swap is
 * under way. False where there is none with this OID any more. Throws `refused` for everything else.
 */
export async function dropReplaced(
  client: Client,
  { name, oid, live }: EndedDatabase,
): Promise<boolean> {
  const { held } = Held.parse((await client.query(TRY_LOCK)).rows[0]);
  if (!held) {
    throw refused("a swap is under way", "Wait for its end: `rollwatch status`.");
  }
  const [found] = await readByOid(client, [oid]);
  if (found === undefined) {
    return false;
  }
  if (found.name !== name || name === live) {
    throw refused(
      `database ${oid} is ${found.name} by now`,
      "Only one that still has the name it was kept under is dropped.",
    );
  }
  const users = Names.parse((await client.query(ASK_SESSIONS, [oid])).rows);
  if (users.length > 0) {
    const who = users.map((one) => one.name).join(", ");
    throw refused(`${name} is in use by ${who}`, "End these sessions first.");
  }
  await client.query(`drop database ${quoted(name)}`);
  return true;
}

/** Without the setting that a swap gives to what it keeps, unless the database had it before. */
export function openedCatalogue(
  kept: SchemaCatalogue,
  { settings }: Pick<DatabaseProperties, "settings">,
): SchemaCatalogue {
  if (settings.includes(` ${KEPT_SETTING}`)) {
    return kept;
  }
  const others = kept.others.flatMap((one) => {
    if (one.kind !== "setting" || one.name !== HERE) {
      return [one];
    }
    const left = one.definition
      .slice(1, -1)
      .split(",")
      .filter((setting) => setting !== KEPT_SETTING);
    return left.length === 0 ? [] : [{ ...one, definition: `{${left.join(",")}}` }];
  });
  return { ...kept, others };
}

function refused(message: string, hint: string): Failure {
  return new Failure("refused", message, { hint });
}
