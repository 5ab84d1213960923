import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Cluster } from "../../../lab/cluster.ts";
import { programsOf } from "../../../lab/debian-programs.ts";
import type { Lab } from "../../../lab/lab.ts";

/** A real PgBouncer in transaction pooling before a server of the lab. */
export interface Pooler {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of a role to a database. */
  url(role: string, database: string): string;
}

/** Its console is for `keeper`; `looker` may only look. Every role has the same password. */
export async function configurePooler(
  lab: Lab,
  cluster: Cluster,
  { databases, password }: { readonly databases: readonly string[]; readonly password: string },
): Promise<Pooler> {
  const folder = path.join(lab.folder, "pgbouncer");
  // Readable to the user that it becomes: it refuses to be root.
  await mkdir(folder, { mode: 0o755 });
  const { pgbouncer } = await programsOf("pgbouncer", ["pgbouncer"], lab.folder, ["libc-ares2"]);
  const port = await lab.port();
  const users = path.join(folder, "users.txt");
  const file = path.join(folder, "pgbouncer.ini");
  const roles = ["app", "keeper", "looker"];
  await writeFile(users, roles.map((role) => `"${role}" "${password}"\n`).join(""));
  await writeFile(
    file,
    `[databases]
${databases.map((name) => `${name} = host=127.0.0.1 port=${cluster.port} dbname=${name}\n`).join("")}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = md5
auth_file = ${users}
admin_users = postgres, keeper
stats_users = looker
pool_mode = transaction
`,
  );
  return {
    program: pgbouncer,
    args: [...(process.getuid?.() === 0 ? ["-u", "nobody"] : []), file],
    env: { LD_LIBRARY_PATH: (await libraryFolders(pgbouncer)).join(":") },
    url: (role, database) => `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`,
  };
}

/** Where it lies beside the program, when that was unpacked and not installed. */
async function libraryFolders(program: string): Promise<readonly string[]> {
  const folder = path.resolve(path.dirname(program), "../lib");
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith("-linux-gnu")).map((name) => path.join(folder, name));
}
