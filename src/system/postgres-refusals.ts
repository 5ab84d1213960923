import type { Client } from "pg";
import { z } from "zod";

/** How a copy of the database is made. */
export type CopyWay = "clone" | "online" | "restored";

/** What would keep a copy from being made, or from being put in the live one's place. */
interface Obstacle {
  readonly ways: readonly CopyWay[];
  /** What stands in the way, one `what` per row. `$granted`: whether the setting `one` may be set, where the version knows such rights. */
  readonly sql: string;
  readonly tell: (what: string) => string;
}

/** A clone that merely waits for the others to leave. */
export const IN_USE = "the database cannot be cloned while others use it";

const EVERY = ["clone", "online", "restored"] as const;
const BY_RESTORE = ["online", "restored"] as const;
const ME = "(select * from pg_roles where rolname = current_user) me";
const LIVE = "(select * from pg_database where datname = current_database()) live";
/** Its objects come with the extension. */
const OF_EXTENSION = "select 1 from pg_depend e where e.deptype = 'e' and e.objid";

const OBSTACLES: readonly Obstacle[] = [
  {
    ways: EVERY,
    sql: "select 'standby' as what where pg_is_in_recovery()",
    tell: () => "the server is a standby: name the one that takes writes in database.rollback.url",
  },
  {
    ways: EVERY,
    sql: `select me.rolname as what from ${ME} where not (me.rolsuper or me.rolcreatedb)`,
    tell: (what) => `role ${what} may create no database (CREATEDB)`,
  },
  {
    ways: EVERY,
    sql: `select pg_get_userbyid(live.datdba) as what from ${LIVE} where not pg_has_role(live.datdba, 'usage')`,
    tell: (what) =>
      `the role of database.rollback.url is no member of the database's owner ${what}`,
  },
  {
    ways: EVERY,
    sql: "select gid as what from pg_prepared_xacts where database = current_database() order by 1",
    tell: (what) => `prepared transactions are open (${what}): commit or roll them back`,
  },
  {
    ways: EVERY,
    sql: "select slot_name as what from pg_replication_slots where database = current_database() order by 1",
    tell: (what) =>
      `logical replication slots hang on the database (${what}): they would stay with the old one`,
  },
  {
    ways: EVERY,
    sql: `select subname as what from pg_subscription, ${LIVE} where subdbid = live.oid order by 1`,
    tell: (what) =>
      `subscriptions feed the database (${what}): they would go on feeding the old one`,
  },
  {
    ways: EVERY,
    sql: `select distinct r.rolname as what
          from ${LIVE}, ${ME}, pg_db_role_setting s join pg_roles r on r.oid = s.setrole
          where s.setdatabase = live.oid and r.rolname <> me.rolname and not (me.rolsuper or me.rolcreaterole)
          order by 1`,
    tell: (what) =>
      `only a role with CREATEROLE may copy the settings that these roles have in the database: ${what}`,
  },
  {
    ways: EVERY,
    sql: `select distinct split_part(one, '=', 1) as what
          from ${LIVE}, ${ME}, pg_db_role_setting s, unnest(s.setconfig) one
          left join pg_settings p on lower(p.name) = lower(split_part(one, '=', 1))
          where s.setdatabase = live.oid and not me.rolsuper
            and (p.name is null or p.context like 'superuser%') and not $granted order by 1`,
    tell: (what) =>
      `the role may not set these settings of the database (grant set on parameter …): ${what}`,
  },
  {
    ways: EVERY,
    sql: `select distinct pg_get_userbyid(a.grantor) as what
          from ${LIVE}, aclexplode(live.datacl) a where not pg_has_role(a.grantor, 'member') order by 1`,
    tell: (what) =>
      `rights on the database were passed on by roles that only their members may copy: ${what}`,
  },
  {
    ways: BY_RESTORE,
    sql: `select t.spcname as what from ${LIVE} join pg_tablespace t on t.oid = live.dattablespace
          where t.spcname <> 'pg_default' and not has_tablespace_privilege(t.oid, 'create')`,
    tell: (what) => `the role may not create in the database's tablespace ${what}`,
  },
  {
    ways: ["clone"],
    sql: `select distinct trim(coalesce(usename, 'somebody') || ' ' || application_name) as what
          from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and backend_type <> 'autovacuum worker'
          order by 1`,
    tell: (what) => `${IN_USE}: ${what}`,
  },
  {
    ways: BY_RESTORE,
    sql: `select c.oid::regclass::text as what from pg_class c
          where c.oid >= 16384 and c.relkind in ('r', 'p', 'S') and c.relpersistence <> 't'
            and not has_table_privilege(c.oid, 'select') order by 1 limit 5`,
    tell: (what) => `these tables cannot be read (pg_read_all_data): ${what}`,
  },
  {
    ways: BY_RESTORE,
    sql: `select c.oid::regclass::text as what from pg_class c, ${ME}
          where c.relrowsecurity and not (me.rolsuper or me.rolbypassrls
            or (pg_has_role(c.relowner, 'usage') and not c.relforcerowsecurity)) order by 1 limit 5`,
    tell: (what) => `row security may hide rows of these tables (BYPASSRLS): ${what}`,
  },
  {
    ways: BY_RESTORE,
    sql: `select distinct pg_get_userbyid(owner) as what from (
            select c.relowner as owner from pg_class c where c.oid >= 16384
              and not exists (${OF_EXTENSION} = c.oid) and c.relnamespace not in (select oid from pg_namespace where nspname like 'pg\\_%')
            union select p.proowner from pg_proc p where p.oid >= 16384 and not exists (${OF_EXTENSION} = p.oid)
            union select n.nspowner from pg_namespace n where n.oid >= 16384 and n.nspname not like 'pg\\_%'
              and not exists (${OF_EXTENSION} = n.oid)
            union select l.lomowner from pg_largeobject_metadata l) owners
          where not pg_has_role(owner, 'usage') order by 1`,
    tell: (what) =>
      `the role of database.rollback.url is no member of roles that own parts of the database: ${what}`,
  },
  {
    ways: BY_RESTORE,
    sql: `select e.extname as what from pg_extension e cross join ${ME}
          left join pg_available_extension_versions v on v.name = e.extname and v.version = e.extversion
          where e.extname <> 'plpgsql' and (v.name is null or not (v.trusted or me.rolsuper)) order by 1`,
    tell: (what) =>
      `these extensions cannot be made anew (not installed in this version, or only by a superuser): ${what}`,
  },
  {
    ways: BY_RESTORE,
    sql: `select what from (
            select 'event trigger ' || evtname as what from pg_event_trigger
            union all select 'publication ' || pubname from pg_publication where puballtables
            union all select 'foreign-data wrapper ' || fdwname from pg_foreign_data_wrapper f
              where not exists (${OF_EXTENSION} = f.oid)
            union all select 'function ' || p.oid::regprocedure::text from pg_proc p join pg_language l on l.oid = p.prolang
              where p.oid >= 16384 and not l.lanpltrusted and l.lanname <> 'sql' and not exists (${OF_EXTENSION} = p.oid)
          ) parts, ${ME} where not me.rolsuper order by 1 limit 5`,
    tell: (what) => `only a superuser may make these anew: ${what}`,
  },
];

const ASK_MAJOR = "select current_setting('server_version_num')::int / 10000 as major";

const Major = z.object({ major: z.number() });
const Found = z.array(z.object({ what: z.string() }));

/** Everything that stands in the way of a copy of the connected database, as sentences. Changes nothing. */
export async function readRefusals(client: Client, way: CopyWay): Promise<readonly string[]> {
  const { major } = Major.parse((await client.query(ASK_MAJOR)).rows[0]);
  const granted = major >= 15 ? "has_parameter_privilege(split_part(one, '=', 1), 'set')" : "false";
  const refusals: string[] = [];
  for (const { ways, sql, tell } of OBSTACLES) {
    if (ways.includes(way)) {
      const found = Found.parse((await client.query(sql.replace("$granted", granted))).rows).map(
        ({ what }) => what,
      );
      refusals.push(...(found.length === 0 ? [] : [tell(found.join(", "))]));
    }
  }
  return refusals;
}
