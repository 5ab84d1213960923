import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { DatabaseProperties } from "../model/warm-database.ts";
import { quoted } from "./postgres-session.ts";

const ASK_PROPERTIES = `
  select pg_get_userbyid(d.datdba) as owner,
         d.datconnlimit as "connectionLimit",
         array(select a::text from unnest(coalesce(d.datacl, acldefault('d', d.datdba))) a order by 1) as acl,
         array(select coalesce(r.rolname, '') || ' ' || one
               from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) one
               where s.setdatabase = d.oid order by 1) as settings,
         shobj_description(d.oid, 'pg_database') as comment
  from pg_database d where d.datname = $1`;
const ASK_GRANTS = `
  select pg_get_userbyid(a.grantor) as grantor,
         case when a.grantee = 0 then null else pg_get_userbyid(a.grantee) end as grantee,
         a.privilege_type as privilege, a.is_grantable as "isGrantable"
  from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
  where d.datname = $1
  order by a.grantor <> d.datdba, 1, 2, 3`;
const ASK_SETTINGS = `
  select r.rolname as role, split_part(one, '=', 1) as name, substr(one, strpos(one, '=') + 1) as value
  from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) one
  join pg_database d on d.datname = $1
  where s.setdatabase = d.oid`;

const Grants = z.array(
  z.object({
    grantor: z.string(),
    /** null is everybody. */
    grantee: z.string().nullable(),
    privilege: z.enum(["CREATE", "CONNECT", "TEMPORARY"]),
    isGrantable: z.boolean(),
  }),
);
const Settings = z.array(
  z.object({ role: z.string().nullable(), name: z.string(), value: z.string() }),
);

/** Settings whose value is a list of names: as one literal, it would be one name. */
const LISTS: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** What belongs to a database itself. Throws `dump-failed` when there is none of that name. */
export async function readProperties(client: Client, name: string): Promise<DatabaseProperties> {
  const { rows } = await client.query(ASK_PROPERTIES, [name]);
  if (rows.length === 0) {
    throw new Failure("dump-failed", `there is no database ${JSON.stringify(name)}`, {
      hint: "Somebody dropped or renamed it meanwhile.",
    });
  }
  return DatabaseProperties.parse(rows[0]);
}

/** Gives one database what belongs to another, in one transaction, and compares the two. Throws `dump-failed` where they differ. */
export async function copyProperties(
  client: Client,
  from: string,
  to: string,
): Promise<DatabaseProperties> {
  const wanted = await readProperties(client, from);
  await client.query("begin");
  for (const sql of [
    `alter database ${quoted(to)} owner to ${quoted(wanted.owner)}`,
    `alter database ${quoted(to)} connection limit ${wanted.connectionLimit}`,
    `comment on database ${quoted(to)} is ${wanted.comment === null ? "null" : literal(wanted.comment)}`,
    `alter database ${quoted(to)} reset all`,
  ]) {
    await client.query(sql);
  }
  await copySettings(client, from, to);
  await copyGrants(client, from, to, wanted.owner);
  await client.query("commit");
  requireEqual(wanted, await readProperties(client, to), to);
  return wanted;
}

async function copySettings(client: Client, from: string, to: string): Promise<void> {
  for (const { role, name, value } of Settings.parse(
    (await client.query(ASK_SETTINGS, [from])).rows,
  )) {
    const whom =
      role === null ? `database ${quoted(to)}` : `role ${quoted(role)} in database ${quoted(to)}`;
    const parts = name.split(".").map(quoted).join(".");
    const values = LISTS.has(name) ? listed(value) : [value];
    const written = values.length === 0 ? "''" : values.map(literal).join(", ");
    await client.query(`alter ${whom} set ${parts} to ${written}`);
  }
}

/** Those of the owner first: others may only pass on what they were granted. */
async function copyGrants(client: Client, from: string, to: string, owner: string): Promise<void> {
  await client.query(`revoke all on database ${quoted(to)} from public, ${quoted(owner)}`);
  for (const { grantor, grantee, privilege, isGrantable } of Grants.parse(
    (await client.query(ASK_GRANTS, [from])).rows,
  )) {
    const whom = grantee === null ? "public" : quoted(grantee);
    const passing = isGrantable ? " with grant option" : "";
    const grant = `grant ${privilege} on database ${quoted(to)} to ${whom}${passing}`;
    if (grantor === owner) {
      await client.query(grant);
    } else {
      await client.query(`set local role ${quoted(grantor)}`);
      await client.query(grant);
      await client.query("reset role");
    }
  }
}

function requireEqual(wanted: DatabaseProperties, found: DatabaseProperties, name: string): void {
  const keys = ["owner", "connectionLimit", "acl", "settings", "comment"] as const;
  const different = keys.filter(
    (key) => JSON.stringify(wanted[key]) !== JSON.stringify(found[key]),
  );
  if (different.length > 0) {
    const told = different.map(
      (key) => `${key} is ${JSON.stringify(found[key])} instead of ${JSON.stringify(wanted[key])}`,
    );
    throw new Failure("dump-failed", `${name} could not be made alike: ${told.join("; ")}`, {
      hint: "`rollwatch doctor` prints the SQL that gives the role of `database.rollback.url` its rights.",
    });
  }
}

/** The names of a list as PostgreSQL keeps it: `"$user", public`. */
function listed(value: string): readonly string[] {
  return [...value.matchAll(/"((?:[^"]|"")*)"|([^",\s]+)/gu)].map(
    ([, inQuotes, plain]) => inQuotes?.replaceAll('""', '"') ?? plain ?? "",
  );
}

function literal(text: string): string {
  const inner = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${inner.replaceAll("\\", "\\\\")}'` : `'${inner}'`;
}
