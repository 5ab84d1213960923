import { escapeIdentifier, escapeLiteral } from "pg";
import type { DatabasePair } from "../model/aside-database.ts";
import type { DatabaseProperties } from "../model/warm-database.ts";

/** What of a database is other while it waits or is kept, and is put back when it goes live. */
export type Opening = Pick<DatabaseProperties, "connectionLimit" | "settings">;

/** The advisory lock of whoever swaps, in the database `postgres`. */
export const SWAP_LOCK = "746391, 1";
/** Enough for people who look, and for none who work with it by mistake. */
const KEPT_CONNECTIONS = 5;
const READ_ONLY = " default_transaction_read_only=";

/** Of an attempt while another one is still under way at the server; see `raise` below. */
export const SWAP_BUSY = "RW001";

/**
 * Both renames as one message of one transaction: there is no moment with one of them, and nobody has to send a second half.
 * The OIDs are looked at before and after: a name alone says nothing.
 */
export function swapMessage(pair: DatabasePair, opening: Opening): string {
  const live = escapeIdentifier(pair.live);
  const aside = escapeIdentifier(pair.replaced.name);
  const next = escapeIdentifier(pair.next.name);
  const readOnly = opening.settings.find((one) => one.startsWith(READ_ONLY));
  const mode =
    readOnly === undefined
      ? "reset default_transaction_read_only"
      : `set default_transaction_read_only = ${escapeLiteral(readOnly.slice(READ_ONLY.length))}`;
  return [
    "begin",
    "set local statement_timeout = '30s'",
    "set local lock_timeout = '5s'",
    "set local idle_in_transaction_session_timeout = '10s'",
    "set local synchronous_commit = on",
    `do ${escapeLiteral(lockAndCheck(pair))}`,
    `alter database ${live} rename to ${aside}`,
    `alter database ${aside} connection limit ${KEPT_CONNECTIONS}`,
    `alter database ${aside} set default_transaction_read_only = on`,
    `alter database ${next} rename to ${live}`,
    `alter database ${live} connection limit ${opening.connectionLimit}`,
    `alter database ${live} ${mode}`,
    `alter database ${live} allow_connections true`,
    `do ${escapeLiteral(checkAfter(pair))}`,
    "commit",
  ].join(";\n");
}

function lockAndCheck({ live, replaced, next }: DatabasePair): string {
  return `
    begin
      if not pg_try_advisory_xact_lock(${SWAP_LOCK}) then
        raise exception 'another swap is under way' using errcode = '${SWAP_BUSY}';
      end if;
      if ${standing({ ...replaced, name: live }, next)} then
        raise exception 'the databases are not those of the plan any more: nothing was swapped';
      end if;
    end`;
}

function checkAfter({ live, replaced, next }: DatabasePair): string {
  return `
    begin
      if ${standing(replaced, { ...next, name: live })} then
        raise exception 'other databases were met under these names: nothing was swapped';
      end if;
    end`;
}

/** True where one of them is not there. */
function standing(
  ...databases: readonly { readonly oid: number; readonly name: string }[]
): string {
  const rows = databases.map(({ oid, name }) => `(${oid}, ${escapeLiteral(name)})`);
  return `(select count(*) from pg_database where (oid, datname) in (${rows.join(", ")})) <> 2`;
}
