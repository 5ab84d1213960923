import type { SchemaVerdict } from "../../../src/model/schema-difference.ts";

/** A change of the schema, and what rollwatch must say of it. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** What the newer release writes before one goes back. */
  readonly written?: string;
  readonly verdict: SchemaVerdict;
}

function breaks(name: string, sql: string, written?: string): Migration {
  return { name, sql, verdict: "breaking", ...(written === undefined ? {} : { written }) };
}

function adds(name: string, sql: string, written?: string): Migration {
  return { name, sql, verdict: "additive", ...(written === undefined ? {} : { written }) };
}

/** Every kind of migration that people write, over `makeOlderSchema`. */
export const MIGRATIONS: readonly Migration[] = [
  { name: "nothing", sql: "select 1", verdict: "unchanged" },
  {
    name: "let rollwatch keep a journal",
    sql: `create schema _rollwatch;
      create function _rollwatch.note() returns trigger language plpgsql security definer
        as $$ begin return null; end $$;
      create trigger zz_rollwatch_journal after insert or update or delete on rounds
        for each row execute function _rollwatch.note('public', 'rounds')`,
    verdict: "unchanged",
  },
  // Columns
  adds("add a nullable column", "alter table rounds add column finding text"),
  adds(
    "add a column with a constant default",
    "alter table rounds add column urgent boolean not null default false",
  ),
  adds(
    "add a column with the time as default",
    "alter table rounds add column seen_at timestamptz not null default now()",
  ),
  adds(
    "add an identity column",
    "alter table rounds add column number bigint generated always as identity",
  ),
  adds(
    "add a column with a check that null passes",
    "alter table rounds add column grade integer check (grade between 1 and 5)",
  ),
  adds(
    "add a column with a check that lists its default",
    "alter table rounds add column state text not null default 'new' check (state in ('new', 'done'))",
  ),
  adds("add a nullable unique column", "alter table rounds add column outside_id text unique"),
  adds(
    "add a generated column that cannot fail",
    "alter table rounds add column lower_name text generated always as (lower(name)) stored",
  ),
  breaks(
    "add a NOT NULL column without default",
    "delete from rounds; alter table rounds add column finding text not null",
  ),
  breaks(
    "add a column of which the default draws from a sequence",
    "alter table rounds add column number serial",
  ),
  breaks(
    "add a generated column that can fail",
    "update rounds set visits = 1; alter table rounds add column per_visit integer generated always as (100 / visits) stored",
  ),
  breaks(
    "add a column with a check that null fails",
    "delete from rounds; alter table rounds add column grade integer check (grade is not null)",
  ),
  breaks(
    "add a column of a name that another table has",
    "alter table rounds add column badge text",
  ),
  breaks(
    "add a column of a strict domain",
    "create domain grade as integer check (value is not null); delete from rounds; alter table rounds add column grade grade",
  ),
  breaks("drop a column", "alter table rounds drop column visits"),
  breaks("rename a column", "alter table rounds rename column visits to visit_count"),
  breaks(
    "drop a column and add it again",
    "alter table rounds drop column remark; alter table rounds add column remark varchar(40)",
  ),
  breaks(
    "narrow a text",
    "alter table rounds alter column code type varchar(2) using left(code, 2)",
  ),
  breaks("narrow a number", "alter table rounds alter column share type numeric(2, 2)"),
  breaks("widen integer to bigint", "alter table rounds alter column visits type bigint"),
  breaks(
    "change a type",
    "alter table rounds alter column remark type jsonb using to_jsonb(remark)",
  ),
  breaks("give a number another scale", "alter table rounds alter column share type numeric(6, 3)"),
  adds("widen a varchar", "alter table rounds alter column remark type varchar(200)"),
  adds("widen a varchar to text", "alter table rounds alter column remark type text"),
  adds("widen a numeric", "alter table rounds alter column share type numeric(9, 2)"),
  breaks(
    "set NOT NULL",
    "update rounds set remark = ''; alter table rounds alter column remark set not null",
  ),
  adds(
    "drop NOT NULL",
    "alter table rounds alter column code drop not null",
    "insert into rounds (name, code) values ('of the newer', null)",
  ),
  breaks("drop a default", "alter table rounds alter column visits drop default"),
  breaks("change a default", "alter table rounds alter column shift set default 'night'"),
  adds(
    "give a required column a default",
    "alter table rounds alter column code set default 'none'",
  ),
  breaks(
    "another collation",
    `alter table rounds alter column remark type varchar(40) collate "POSIX"`,
  ),
  breaks("make the identity always", "alter table rounds alter column id set generated always"),
  // Constraints and indexes
  breaks("add a CHECK", "alter table rounds add check (visits < 1)"),
  breaks(
    "add a CHECK without looking at old rows",
    "alter table rounds add check (code like 'X%') not valid",
  ),
  adds(
    "drop a CHECK",
    "alter table rounds drop constraint rounds_visits_check",
    "insert into rounds (name, code, visits) values ('of the newer', 'N', -1)",
  ),
  breaks("add a UNIQUE", "alter table rounds add unique (code)"),
  breaks("drop a UNIQUE", "alter table rounds drop constraint rounds_name_key"),
  breaks(
    "drop a primary key",
    "alter table round_notes drop constraint round_notes_round_id_fkey; alter table rounds drop constraint rounds_pkey",
  ),
  breaks(
    "add a foreign key",
    "alter table rounds add foreign key (code) references devices (serial) not valid",
  ),
  adds(
    "drop a foreign key",
    "alter table rounds drop constraint rounds_personnel_id_fkey",
    "insert into rounds (name, code, personnel_id) values ('of the newer', 'N', 99)",
  ),
  breaks(
    "drop a foreign key that cascades",
    "alter table round_notes drop constraint round_notes_round_id_fkey",
  ),
  adds("add an index", "create index on rounds (remark)"),
  adds(
    "add a partial index that cannot fail",
    "create index on rounds (name) where remark is not null",
  ),
  breaks(
    "add an index over an expression that can fail",
    "update rounds set visits = 1; create index on rounds ((100 / visits))",
  ),
  adds("drop an index", "drop index rounds_checked_on"),
  breaks("add a unique index", "create unique index on rounds (code)"),
  // Tables, views, partitions
  adds(
    "add a table",
    "create table findings (id bigint generated always as identity primary key, body text not null); grant select, insert on findings to app",
  ),
  adds(
    "add a table that refers to an old one and cascades",
    "create table findings (id bigint primary key, round_id bigint not null references rounds (id) on delete cascade)",
    "insert into findings select 1, id from rounds limit 1",
  ),
  breaks(
    "add a table that refers to an old one and holds its rows",
    "create table findings (id bigint primary key, round_id bigint not null references rounds (id))",
    "insert into findings select id, id from rounds",
  ),
  breaks(
    "add a table of the same name in the schema of the role",
    "create schema app authorization app; create table app.rounds (id bigint)",
  ),
  breaks("add a table that inherits", "create table more_rounds (extra text) inherits (rounds)"),
  breaks("drop a table", "drop table round_notes"),
  breaks("rename a table", "alter table round_notes rename to round_remarks"),
  breaks(
    "rename a table and put a view in its place",
    "alter table round_notes rename to round_remarks; create view round_notes as select id, round_id from round_remarks; grant all on round_notes to app",
  ),
  adds("add a view", "create view busy_rounds as select * from rounds where visits > 3"),
  breaks("drop a view", "drop view latest_alerts"),
  breaks(
    "replace a view",
    "create or replace view latest_alerts as select id, kind, dose_msv, limit_msv from alerts order by id desc limit 10",
  ),
  breaks("empty a materialized view", "refresh materialized view round_counts with no data"),
  adds(
    "add a partition",
    "create table visits_2027 partition of visits for values from ('2027-01-01') to ('2028-01-01')",
  ),
  breaks(
    "add a partition that asks for more",
    "create table visits_2024 partition of visits (constraint short check (length(place) < 3)) for values from ('2024-01-01') to ('2025-01-01')",
  ),
  breaks("detach a partition", "alter table visits detach partition visits_old"),
  breaks("drop a partition", "drop table visits_old"),
  breaks("make a table unlogged", "alter table round_notes set unlogged"),
  // Types, functions, triggers
  breaks(
    "add a value to an enum",
    "alter type shift add value 'late'",
    "insert into rounds (name, code, shift) values ('of the newer', 'N', 'late')",
  ),
  breaks("rename a value of an enum", "alter type shift rename value 'night' to 'late'"),
  adds("add an enum", "create type mood as enum ('good', 'bad')"),
  adds(
    "add a function",
    "create function half(dose numeric) returns numeric language sql immutable as $$ select dose / 2 $$",
  ),
  breaks(
    "add a function of a name that there is",
    "create function dose_band(dose double precision) returns text language sql immutable as $$ select 'high'::text $$",
  ),
  breaks(
    "replace a function",
    "create or replace function dose_band(dose numeric) returns text language sql immutable as $$ select 1 / 0 || '' $$",
  ),
  breaks("drop a function", "drop function dose_band(numeric)"),
  breaks(
    "add a trigger",
    "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; create trigger refuse before insert on rounds for each row execute function refuse()",
  ),
  breaks("drop a trigger", "drop trigger stamp on round_notes"),
  breaks("disable a trigger", "alter table round_notes disable trigger stamp"),
  breaks("add a rule", "create rule quiet as on delete to rounds do instead nothing"),
  breaks("switch row security on", "alter table rounds enable row level security"),
  breaks(
    "add a policy",
    "alter table rounds enable row level security; create policy own on rounds to app using (shift = 'night') with check (false)",
  ),
  // Rights, sequences, extensions, settings
  adds("grant a right", "grant truncate on rounds to app"),
  breaks("revoke a right", "revoke insert on rounds from app"),
  breaks("revoke the schema", "revoke usage on schema public from app, public"),
  breaks("revoke a function", "revoke execute on function dose_band(numeric) from public"),
  breaks("change an owner", "alter table rounds owner to reader"),
  adds("add a sequence", "create sequence invoices"),
  breaks("drop a sequence", "drop sequence tickets"),
  breaks("change a sequence", "alter sequence tickets increment by -1 minvalue -9"),
  adds("add an extension that is like nothing else", "create extension pgcrypto"),
  breaks("add an extension with operators of its own for known ones", "create extension citext"),
  breaks(
    "set a search path for the role",
    "alter role app in database $database set search_path = pg_catalog",
  ),
];
