import { JOURNAL_SCHEMA } from "./postgres-tables.ts";

/*
 * The questions that a catalogue is read by, one for each of its lists; every row is one object as JSON. Names and expressions
 * are written with an empty search_path, so that all but PostgreSQL's own are qualified. What belongs to an extension, to
 * PostgreSQL, to a session or to rollwatch's own journal is left out.
 */

const OURS = `
  ours as (
    select oid, nspname, nspowner, nspacl from pg_namespace
    where nspname not in ('pg_catalog', 'information_schema', '${JOURNAL_SCHEMA}')
      and nspname !~ '^(pg_toast|pg_temp|pg_toast_temp)'
  )`;

/** Who may do what with an object of pg_default_acl's type letter, owners' own rights among them. */
function rights(acl: string, type: string, owner: string): string {
  const given = type === "c" ? acl : `coalesce(${acl}, acldefault('${type}', ${owner}))`;
  return `array(
    select distinct (case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee)::text end
      || '=' || a.privilege_type) collate "C" as one
    from aclexplode(${given}) a order by one)`;
}

function notOfExtension(catalogue: string, oid: string): string {
  return `not exists (select from pg_depend d where d.classid = '${catalogue}'::regclass
    and d.objid = ${oid} and d.deptype = 'e')`;
}

const COLUMNS = `
  select coalesce(json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'isDomain', t.typtype = 'd', 'isNullable', not a.attnotnull,
    'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
    'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
    'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by-default' end,
    'collation', case when a.attcollation <> t.typcollation
      then (select collname from pg_collation where oid = a.attcollation) end,
    'rights', case when a.attacl is null then '{}' else ${rights("a.attacl", "c", "")} end
  ) order by a.attnum), '[]')
  from pg_attribute a
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`;

const CONSTRAINTS = `
  select coalesce(json_agg(json_build_object(
    'name', k.conname, 'definition', pg_get_constraintdef(k.oid),
    'kind', case k.contype when 'c' then 'check' when 'f' then 'foreign-key'
      when 'p' then 'primary-key' when 'u' then 'unique' else 'exclusion' end,
    'columns', array(select a.attname from unnest(k.conkey) with ordinality key (number, place)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.number order by key.place),
    'references', case when k.contype = 'f' then k.confrelid::regclass::text end,
    'onDelete', case when k.contype = 'f' then case k.confdeltype when 'a' then 'no action'
      when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' else 'set default' end end,
    'isInherited', k.coninhcount > 0
  ) order by k.conname collate "C"), '[]')
  from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f', 'p', 'u', 'x')`;

const INDEXES = `
  select coalesce(json_agg(json_build_object(
    'name', i.indexrelid::regclass::text, 'definition', pg_get_indexdef(i.indexrelid),
    'isUnique', i.indisunique, 'isValid', i.indisvalid,
    'nullsNotDistinct', coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
    'columns', array(select a.attname from unnest(i.indkey::int2[]) with ordinality key (number, place)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.number
      where key.place <= i.indnkeyatts order by key.place),
    'expressions', array_remove(array[
      pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)], null)
  ) order by i.indexrelid::regclass::text collate "C"), '[]')
  from pg_index i
  where i.indrelid = c.oid and not exists (
    select from pg_constraint k where k.conrelid = i.indrelid and k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`;

const ATTACHED = `
  select coalesce(json_agg(json_build_object('kind', x.kind, 'name', x.name, 'definition', x.text)
    order by x.kind, x.name collate "C"), '[]')
  from (
    select 'trigger' as kind, t.tgname::text as name,
      pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else ' ' || t.tgenabled::text end as text
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = c.oid and not t.tgisinternal and p.pronamespace in (select oid from ours
      union all select 'pg_catalog'::regnamespace) and coalesce((to_jsonb(t) ->> 'tgparentid')::oid, 0) = 0
    union all
    select 'policy', p.polname, format('%s %s to %s using %s check %s', p.polpermissive, p.polcmd,
      array(select case r.oid when 0 then 'public' else pg_get_userbyid(r.oid)::text end
        from unnest(p.polroles) r (oid) order by 1),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p where p.polrelid = c.oid
    union all
    select 'rule', r.rulename, pg_get_ruledef(r.oid) || ' ' || r.ev_enabled::text
    from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN'
  ) x`;

const RELATIONS = `
  with ${OURS}
  select json_build_object(
    'name', c.oid::regclass::text,
    'kind', case c.relkind when 'r' then 'table' when 'p' then 'partitioned' when 'f' then 'foreign'
      when 'v' then 'view' else 'materialized' end,
    'owner', pg_get_userbyid(c.relowner),
    'persistence', case c.relpersistence when 'u' then 'unlogged' else 'permanent' end,
    'rowSecurity', case when c.relforcerowsecurity and c.relrowsecurity then 'forced'
      when c.relrowsecurity then 'on' else 'off' end,
    'definition', case c.relkind when 'p' then pg_get_partkeydef(c.oid)
      when 'v' then pg_get_viewdef(c.oid) || coalesce(c.reloptions::text, '')
      when 'm' then pg_get_viewdef(c.oid) end,
    'partitionOf', (select json_build_object('parent', i.inhparent::regclass::text,
        'bound', pg_get_expr(c.relpartbound, c.oid))
      from pg_inherits i where i.inhrelid = c.oid and c.relispartition limit 1),
    'inherits', array(select i.inhparent::regclass::text from pg_inherits i
      where i.inhrelid = c.oid and not c.relispartition order by i.inhseqno),
    'isPopulated', c.relispopulated,
    'columns', (${COLUMNS}), 'constraints', (${CONSTRAINTS}), 'indexes', (${INDEXES}),
    'attached', (${ATTACHED}), 'rights', ${rights("c.relacl", "r", "c.relowner")}
  ) as one
  from pg_class c join ours n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'f', 'v', 'm') and ${notOfExtension("pg_class", "c.oid")}
  order by c.oid::regclass::text collate "C"`;

const FUNCTIONS = `
  with ${OURS}
  select json_build_object(
    'signature', p.oid::regprocedure::text, 'name', format('%I.%I', n.nspname, p.proname),
    'hash', encode(sha256(convert_to(case when p.prokind = 'a'
      then (select (to_jsonb(a) - 'aggfnoid')::text || pg_get_function_result(p.oid)
        from pg_aggregate a where a.aggfnoid = p.oid)
      else pg_get_functiondef(p.oid) end, 'UTF8')), 'hex'),
    'words', array(select distinct lower(m[1]) collate "C" as word from regexp_matches(
      concat_ws(' ', p.prosrc, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)),
      '[[:alpha:]_][[:alnum:]_$]*', 'g') m order by word),
    'takesRows', p.prosrc ~* '(\\.|select)\\s*\\*',
    'isLikeBuiltIn', exists (select from pg_proc b
      where b.pronamespace = 'pg_catalog'::regnamespace and b.proname = p.proname),
    'owner', pg_get_userbyid(p.proowner), 'rights', ${rights("p.proacl", "f", "p.proowner")}
  ) as one
  from pg_proc p join ours n on n.oid = p.pronamespace
  where ${notOfExtension("pg_proc", "p.oid")}
  order by p.oid::regprocedure::text collate "C"`;

const TYPES = `
  with ${OURS}
  select json_build_object(
    'name', format('%I.%I', n.nspname, t.typname),
    'kind', case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite'
      when 'r' then 'range' else 'base' end,
    'values', array(select e.enumlabel from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder),
    'definition', case t.typtype
      when 'd' then concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
        array(select pg_get_constraintdef(k.oid) from pg_constraint k where k.contypid = t.oid order by 1))
      when 'c' then array(select a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        order by a.attnum)::text
      when 'r' then (select format_type(r.rngsubtype, null) from pg_range r where r.rngtypid = t.oid)
      when 'b' then concat_ws(' ', t.typlen, t.typinput, t.typoutput)
      else '' end,
    'owner', pg_get_userbyid(t.typowner), 'rights', ${rights("t.typacl", "T", "t.typowner")}
  ) as one
  from pg_type t join ours n on n.oid = t.typnamespace
  where t.typtype in ('e', 'd', 'r', 'c', 'b') and ${notOfExtension("pg_type", "t.oid")}
    and (t.typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    and not exists (select from pg_type element where element.typarray = t.oid)
  order by format('%I.%I', n.nspname, t.typname) collate "C"`;

const SEQUENCES = `
  with ${OURS}
  select json_build_object(
    'name', c.oid::regclass::text,
    'definition', format('%s by %s from %s to %s, starts at %s, cycles %s, of %s',
      format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcycle,
      (select d.refobjid::regclass from pg_depend d where d.classid = 'pg_class'::regclass
        and d.objid = c.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0 limit 1)),
    'owner', pg_get_userbyid(c.relowner), 'rights', ${rights("c.relacl", "s", "c.relowner")}
  ) as one
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join ours n on n.oid = c.relnamespace
  where ${notOfExtension("pg_class", "c.oid")}
  order by c.oid::regclass::text collate "C"`;

const SCHEMAS = `
  with ${OURS}
  select json_build_object('name', nspname, 'owner', pg_get_userbyid(nspowner),
    'rights', ${rights("nspacl", "n", "nspowner")}) as one
  from ours where ${notOfExtension("pg_namespace", "ours.oid")}
  order by nspname collate "C"`;

const EXTENSIONS = `
  select json_build_object('name', e.extname,
    'definition', format('%s in %s', e.extversion, e.extnamespace::regnamespace),
    'overloads', array(
      select x.name collate "C" as name from (
        select distinct 'function ' || p.proname as name
        from pg_depend d join pg_proc p on p.oid = d.objid
        where d.classid = 'pg_proc'::regclass and d.refobjid = e.oid and d.deptype = 'e'
          and exists (select from pg_proc b where b.proname = p.proname and b.proargtypes <> p.proargtypes
            and not exists (select from pg_depend own where own.classid = 'pg_proc'::regclass
              and own.objid = b.oid and own.refobjid = e.oid and own.deptype = 'e'))
        union
        select 'operator ' || o.oprname
        from pg_depend d join pg_operator o on o.oid = d.objid
        where d.classid = 'pg_operator'::regclass and d.refobjid = e.oid and d.deptype = 'e'
          and exists (select from pg_operator b
            where b.oprname = o.oprname and b.oprnamespace = 'pg_catalog'::regnamespace)
        union
        select 'cast' from pg_depend d join pg_cast k on k.oid = d.objid
        where d.classid = 'pg_cast'::regclass and d.refobjid = e.oid and d.deptype = 'e'
          and k.castcontext <> 'e'
      ) x order by 1)
  ) as one
  from pg_extension e order by e.extname collate "C"`;

/** Settings and memberships of the roles that own something here or were granted something; others' are none of ours. */
const OTHERS = `
  with ${OURS}, roles as (
    select c.relowner as oid from pg_class c join ours n on n.oid = c.relnamespace
    union select a.grantee from pg_class c join ours n on n.oid = c.relnamespace, aclexplode(c.relacl) a
    union select nspowner from ours
    union select a.grantee from ours, aclexplode(ours.nspacl) a
    union select oid from pg_roles where rolname = session_user
  )
  select json_build_object('kind', x.kind, 'name', x.name, 'definition', x.definition) as one
  from (
    select 'cast' as kind, format('%s to %s', castsource::regtype, casttarget::regtype) as name,
      concat_ws(' ', castcontext, castmethod, castfunc::regprocedure) as definition
    from pg_cast where oid >= 16384 and ${notOfExtension("pg_cast", "pg_cast.oid")}
    union all
    select 'operator', o.oid::regoperator::text, concat_ws(' ', o.oprcode, o.oprresult::regtype)
    from pg_operator o join ours n on n.oid = o.oprnamespace where ${notOfExtension("pg_operator", "o.oid")}
    union all
    select 'collation', format('%I.%I', n.nspname, l.collname),
      concat_ws(' ', l.collprovider, l.collcollate, l.collctype, l.collisdeterministic)
    from pg_collation l join ours n on n.oid = l.collnamespace
    where ${notOfExtension("pg_collation", "l.oid")}
    union all
    select 'text-search-configuration', format('%I.%I', n.nspname, f.cfgname),
      array(select concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary)
        from pg_ts_config_map m where m.mapcfg = f.oid order by m.maptokentype, m.mapseqno)::text
    from pg_ts_config f join ours n on n.oid = f.cfgnamespace where ${notOfExtension("pg_ts_config", "f.oid")}
    union all
    select 'server', srvname, md5(coalesce(srvoptions::text, '')) from pg_foreign_server
    union all
    select 'event-trigger', evtname, concat_ws(' ', evtevent, evtenabled, evttags, evtfoid::regprocedure)
    from pg_event_trigger where ${notOfExtension("pg_event_trigger", "pg_event_trigger.oid")}
    union all
    select 'publication', p.pubname, concat_ws(' ', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete,
      array(select r.prrelid::regclass::text from pg_publication_rel r where r.prpubid = p.oid order by 1))
    from pg_publication p
    union all
    select 'setting', concat_ws(' ', case s.setrole when 0 then 'of everybody' else
      'of ' || pg_get_userbyid(s.setrole) end, case s.setdatabase when 0 then '' else 'here' end),
      array(select one from unnest(s.setconfig) one order by 1)::text
    from pg_db_role_setting s
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and (s.setrole = 0 or s.setrole in (select oid from roles))
    union all
    select distinct 'membership', pg_get_userbyid(m.member) || ' in ' || pg_get_userbyid(m.roleid), ''
    from pg_auth_members m where m.roleid in (select oid from roles) or m.member in (select oid from roles)
  ) x
  order by x.kind, x.name collate "C"`;

/** The question for each list. */
export const CATALOGUE_QUERIES = {
  schemas: SCHEMAS,
  relations: RELATIONS,
  functions: FUNCTIONS,
  types: TYPES,
  sequences: SEQUENCES,
  extensions: EXTENSIONS,
  others: OTHERS,
} as const;
