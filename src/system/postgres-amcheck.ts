import { join } from "node:path";
import { messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import type { Files } from "./files.ts";
import type { Ids } from "./ids.ts";
import { ask, type Connections, describe } from "./postgres-connection.ts";
import { givingWay, type OwnSessions, ownSessions } from "./postgres-give-way.ts";
import { programFolders } from "./postgres-programs.ts";
import { environmentOf } from "./postgres-source.ts";
import type { Finished } from "./process-run.ts";
import type { Processes } from "./process.ts";

/** What pg_amcheck says of a database's tables and indexes. */
export type AmcheckAnswer =
  | { readonly kind: "sound" }
  /** Found twice, one look after the other. */
  | { readonly kind: "corrupt"; readonly damaged: readonly string[]; readonly detail: string }
  /** Nothing is known; `rights` where the cure is the database administrator's. */
  | { readonly kind: "unknown"; readonly why: "rights" | "other"; readonly detail: string };

/** The newest installed pg_amcheck, run as a program of its own with a deadline. */
export interface Amcheck {
  /** Checks every table and B-tree of an address's database. Gives way to whoever waits for a lock of it. */
  check(
    order: { readonly url: string; readonly deadlineMs: number },
    signal: AbortSignal,
  ): Promise<AmcheckAnswer>;
}

interface AmcheckPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly ids: Ids;
  readonly processes: Processes;
}

const ASK_MS = 5000;
/** What it prints of a relation in which it found something. */
const DAMAGED = /^(?:heap table|btree index) "(.+?)"/gmu;

/** Which of the functions this role may use; both belong to the extension. */
const ASK_RIGHTS = `
  select string_agg(distinct p.proname, ',' order by p.proname) as usable
  from pg_extension e
  join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
    and d.classid = 'pg_proc'::regclass
  join pg_proc p on p.oid = d.objid
  where e.extname = 'amcheck' and p.proname in ('bt_index_check', 'verify_heapam')
    and has_function_privilege(p.oid, 'execute')`;
const USABLE = "bt_index_check,verify_heapam";
const CURE =
  "as superuser: create extension amcheck; and grant this role execute on its functions bt_index_check and verify_heapam";

/** Opens pg_amcheck; `environment` gives PATH. */
export function openAmcheck(
  ports: AmcheckPorts,
  environment: Readonly<Record<string, string>>,
): Amcheck {
  const path = environment["PATH"] ?? "";

  return {
    check: async ({ url, deadlineMs }, signal) => {
      const own = ownSessions({ url, purpose: "rollwatch-amcheck" }, ports);
      const rights = await whyNotAllowed(own.connections, signal);
      if (rights !== undefined) {
        return rights;
      }
      const program = await newest(ports, path, signal);
      if (program === undefined) {
        const detail = "no pg_amcheck is installed: it comes with PostgreSQL's server programs";
        return { kind: "unknown", why: "other", detail };
      }
      const how = { program, path, url, deadlineMs, own };
      const first = await run(ports.processes, how, signal);
      // What was dropped or rewritten meanwhile can look damaged; what is, is so again.
      return first.kind === "corrupt"
        ? confirmed(first, await run(ports.processes, how, signal))
        : first;
    },
  };
}

async function whyNotAllowed(
  connections: Connections,
  signal: AbortSignal,
): Promise<AmcheckAnswer | undefined> {
  try {
    const { usable } = await ask(connections, ASK_RIGHTS, signal);
    return usable === USABLE ? undefined : { kind: "unknown", why: "rights", detail: CURE };
  } catch (error) {
    signal.throwIfAborted();
    const { phase, detail } = describe(error, connections.password);
    const isOurs = phase === "authentication" || phase === "forbidden";
    return { kind: "unknown", why: isOurs ? "rights" : "other", detail: `${phase}: ${detail}` };
  }
}

async function newest(
  { files, processes }: AmcheckPorts,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found: { readonly program: string; readonly version: number }[] = [];
  for (const folder of await programFolders(files, path)) {
    const program = join(folder, "pg_amcheck");
    if ((await files.kind(program).catch(() => "absent")) !== "absent") {
      const asked = { program, args: ["--version"], cwd: "/", env: { PATH: path, LC_ALL: "C" } };
      const { stdout } = await processes.run({ ...asked, deadlineMs: ASK_MS }, signal);
      const version = Number(/\) (\d+(?:\.\d+)?)/u.exec(stdout)?.[1] ?? Number.NaN);
      found.push(...(Number.isNaN(version) ? [] : [{ program, version }]));
    }
  }
  return found.toSorted((one, other) => other.version - one.version)[0]?.program;
}

interface Run {
  readonly program: string;
  readonly path: string;
  readonly url: string;
  readonly deadlineMs: number;
  readonly own: OwnSessions;
}

async function run(processes: Processes, how: Run, signal: AbortSignal): Promise<AmcheckAnswer> {
  const { program, path, url, deadlineMs, own } = how;
  const connection = environmentOf(url, own.application);
  const env = {
    PATH: path,
    LC_ALL: "C",
    ...connection,
    // A limit of the database's for its applications would look like damage.
    PGOPTIONS: `${connection["PGOPTIONS"] ?? ""} -c statement_timeout=0 -c lock_timeout=0`.trim(),
  };
  try {
    const finished = await givingWay(
      own,
      async (limited) =>
        processes.run({ program, args: ["--no-password"], cwd: "/", env, deadlineMs }, limited),
      signal,
    );
    return answerOf(finished, own.connections.password);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unknown", why: "other", detail: messageOf(error) };
  }
}

/** It ends with 2 when it found something, and names that on stdout; its own errors go to stderr. */
function answerOf({ kind, status, stdout, stderr }: Finished, password: string): AmcheckAnswer {
  if (kind === "exited" && status === 0) {
    return { kind: "sound" };
  }
  const damaged = [...new Set([...stdout.matchAll(DAMAGED)].map((match) => match[1] ?? ""))];
  if (kind === "exited" && status === 2 && damaged.length > 0) {
    return { kind: "corrupt", damaged, detail: short(stdout, password) };
  }
  const ended = kind === "timed-out" ? "took too long" : `ended with ${status ?? "no status"}`;
  const said = short(stderr === "" ? stdout : stderr, password);
  return { kind: "unknown", why: "other", detail: `pg_amcheck ${ended}: ${said}` };
}

function confirmed(
  first: Extract<AmcheckAnswer, { kind: "corrupt" }>,
  second: AmcheckAnswer,
): AmcheckAnswer {
  if (second.kind !== "corrupt") {
    return second;
  }
  const damaged = second.damaged.filter((name) => first.damaged.includes(name));
  return damaged.length === 0 ? { kind: "sound" } : { ...second, damaged };
}

const LONGEST = 400;

function short(text: string, password: string): string {
  const clean = password === "" ? text : text.replaceAll(password, "[redacted]");
  return clean.trim().replaceAll(/\s+/gu, " ").slice(0, LONGEST);
}
