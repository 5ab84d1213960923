import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chown, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { run } from "./command.ts";
import { constructedEnvironment, labEnvironment } from "./environment.ts";
import type { Lab } from "./lab.ts";
import { findPostgres, type PostgresPrograms, publicPrograms } from "./postgres-programs.ts";
import { send } from "./processes.ts";

/** A PostgreSQL server of the lab's own, on the loopback interface, with passwords and with fsync. */
export interface Cluster {
  readonly port: number;
  readonly programs: PostgresPrograms;
  /** Connection URL of a role to a database. */
  url(role: string, password: string, database: string): string;
  /** Runs SQL as the superuser. */
  admin(sql: string, database?: string): Promise<void>;
  /** Ends the server at once, as a fast shutdown; safe to call twice. */
  stop(): Promise<void>;
  /** Starts a server that was stopped, at the same port, and returns when it answers. */
  start(): Promise<void>;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

const START_LIMIT_MS = 30_000;
const PORT_ATTEMPTS = 3;
const SUPERUSER = "postgres";

/** Makes and starts a server in `<lab>/postgres`; as root it runs as `postgres`, else as `nobody`. */
export async function startCluster(lab: Lab): Promise<Cluster> {
  const folder = path.join(lab.folder, "postgres");
  await mkdir(folder, { mode: 0o700 });
  const user = await serverUser();
  const programs = await publicPrograms(await findPostgres(), lab.folder);
  const password = randomBytes(12).toString("hex");
  await initialise(folder, { programs, password, user });
  for (let attempt = 1; ; attempt += 1) {
    const port = await lab.port();
    const launching = { programs, port, user, lab };
    const server = await launch(folder, launching);
    const cluster = aCluster({ server, folder, launching, password });
    lab.onEnd("PostgreSQL", () => cluster.stop());
    const problem = await ready(cluster, server);
    if (problem === undefined) {
      return cluster;
    }
    await cluster.stop();
    const log = await readFile(path.join(folder, "log"), "utf8").catch(() => "");
    if (attempt === PORT_ATTEMPTS || !log.includes("Address already in use")) {
      throw new Error(`PostgreSQL does not start (${problem})\n${log.slice(-2000)}`);
    }
  }
}

/** The user PostgreSQL runs as; undefined where it may run as the present one. It refuses to run as root. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  for (const name of ["postgres", "nobody"]) {
    const how = { cwd: "/", env: constructedEnvironment() };
    const [uid, gid] = await Promise.all([
      run("id", ["-u", name], how).catch(() => ""),
      run("id", ["-g", name], how).catch(() => ""),
    ]);
    if (uid !== "" && gid !== "") {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new Error(
    "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody",
  );
}

async function initialise(
  folder: string,
  how: {
    readonly programs: PostgresPrograms;
    readonly password: string;
    readonly user: User | undefined;
  },
): Promise<void> {
  const passwordFile = path.join(folder, "password");
  await writeFile(passwordFile, `${how.password}\n`, { mode: 0o600 });
  if (how.user !== undefined) {
    await chown(folder, how.user.uid, how.user.gid);
    await chown(passwordFile, how.user.uid, how.user.gid);
  }
  const args = ["-D", path.join(folder, "data"), "-U", SUPERUSER, "--pwfile", passwordFile];
  const settings = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"];
  await run(path.join(how.programs.bin, "initdb"), [...args, ...settings], {
    // PostgreSQL complains where its user may not look into the working directory.
    cwd: "/",
    env: serverEnvironment(path.dirname(folder)),
    ...(how.user === undefined ? {} : { as: how.user }),
  });
  await rm(passwordFile);
}

/** Without the node and npm folders of the person's PATH, which a server has no use for. */
function serverEnvironment(labFolder: string): Readonly<Record<string, string>> {
  return labEnvironment(labFolder, {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: "/",
    LC_ALL: "C",
  });
}

/** What a server is started with. */
interface Launching {
  readonly programs: PostgresPrograms;
  readonly port: number;
  readonly user: User | undefined;
  readonly lab: Lab;
}

async function launch(folder: string, how: Launching): Promise<ChildProcess> {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: how.port,
    unix_socket_directories: "",
    // Shared memory as files of the data folder: nothing stays in /dev/shm when the server is killed.
    dynamic_shared_memory_type: "mmap",
    max_connections: 60,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = await open(path.join(folder, "log"), "a", 0o600);
  try {
    return spawn(
      path.join(how.programs.bin, "postgres"),
      ["-D", path.join(folder, "data"), ...args],
      {
        cwd: "/",
        env: serverEnvironment(how.lab.folder),
        stdio: ["ignore", log.fd, log.fd],
        // A group of its own: Ctrl-C in a terminal is for the lab, which ends its parts in order.
        detached: true,
        ...(how.user === undefined ? {} : { uid: how.user.uid, gid: how.user.gid }),
      },
    );
  } finally {
    await log.close();
  }
}

function aCluster(how: {
  readonly server: ChildProcess;
  readonly folder: string;
  readonly launching: Launching;
  readonly password: string;
}): Cluster {
  const { port, programs } = how.launching;
  function url(role: string, password: string, database: string): string {
    return `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`;
  }
  let { server } = how;
  const cluster: Cluster = {
    port,
    programs,
    url,
    async admin(sql, database = "postgres") {
      const connectionString = url(SUPERUSER, how.password, database);
      const client = new Client({ connectionString, connectionTimeoutMillis: 2000 });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    },
    async stop() {
      await stopServer(server);
    },
    async start() {
      if (hasEnded(server)) {
        server = await launch(how.folder, how.launching);
      }
      const problem = await ready(cluster, server);
      if (problem !== undefined) {
        throw new Error(`PostgreSQL does not start again (${problem})`);
      }
    },
  };
  return cluster;
}

/** Why the server is not there; undefined when it answers. */
async function ready(cluster: Cluster, server: ChildProcess): Promise<string | undefined> {
  let failed: string | undefined;
  server.once("error", (error) => {
    failed = error.message;
  });
  const begun = performance.now();
  while (performance.now() - begun < START_LIMIT_MS) {
    try {
      await cluster.admin("select 1");
      return undefined;
    } catch {
      await sleep(30);
    }
    if (failed !== undefined || hasEnded(server)) {
      return failed ?? "it ended at once";
    }
  }
  return `no answer within ${START_LIMIT_MS / 1000} s`;
}

function hasEnded(server: ChildProcess): boolean {
  return server.pid === undefined || server.exitCode !== null || server.signalCode !== null;
}

/** Fast shutdown, then an immediate one, then the kernel's. */
async function stopServer(server: ChildProcess): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (server.pid === undefined || hasEnded(server)) {
      return;
    }
    send(server.pid, signal);
    await Promise.race([once(server, "exit"), sleep(5000, undefined, { ref: false })]);
  }
}
