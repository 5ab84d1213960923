import type Database from "libsql";
import { z } from "zod";

/**
 * The journal's tables, as numbered migrations: number n takes a file of format n-1 to format n. They are never edited,
 * only added to. Each runs in one transaction with the note of its number.
 */
const MIGRATIONS: readonly string[] = [
  `
  create table meta (
    key text primary key,
    value text not null
  ) strict;
  create table entries (
    seq integer primary key,
    at integer not null,
    kind text not null,
    body text not null,
    hash text not null
  ) strict;
  insert into meta (key, value) values ('format', '0');
  `,
  // No other tables, but kinds of facts (approvals, brakes, restarts) that an older program would take for damage.
  "update meta set value = value",
  // Nor here: security floors, and the notice that a recording stopped.
  "update meta set value = value",
];

const SELECT_TABLES = "select count(*) as tables from sqlite_schema where type = 'table'";
const SELECT_FORMAT = "select value from meta where key = 'format'";
const UPDATE_FORMAT = "update meta set value = ? where key = 'format'";

/** The newest format that this program knows. */
export const NEWEST_FORMAT: number = MIGRATIONS.length;

const TableCount = z.object({ tables: z.number() });
const FormatRow = z.object({ value: z.string().regex(/^\d{1,9}$/u) });

/** The format of an open journal file; 0 when nothing was written to it yet. Throws when it is no journal. */
export function formatOf(db: Database.Database): number {
  const { tables } = TableCount.parse(db.prepare(SELECT_TABLES).get());
  return tables === 0 ? 0 : Number(FormatRow.parse(db.prepare(SELECT_FORMAT).get()).value);
}

/** Brings an open journal file to the newest format. */
export function migrate(db: Database.Database): void {
  for (let format = formatOf(db); format < NEWEST_FORMAT; format += 1) {
    db.exec("begin immediate");
    try {
      db.exec(MIGRATIONS[format] ?? "");
      db.prepare(UPDATE_FORMAT).run(String(format + 1));
      db.exec("commit");
    } catch (error) {
      db.exec("rollback");
      throw error;
    }
  }
}
