import { delimiter, isAbsolute, join } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Files } from "./files.ts";
import type { Finished } from "./process-run.ts";
import type { Processes } from "./process.ts";

/** A pg_dump with the pg_restore beside it. */
export interface DumpProgram {
  /** Absolute path of pg_dump. */
  readonly dump: string;
  /** Absolute path of pg_restore. */
  readonly restore: string;
  /** Such as `15.18`. */
  readonly version: string;
  readonly major: number;
}

/** What to dump, and how. */
export interface DumpOrder {
  readonly program: DumpProgram;
  /** libpq's variables of the connection; the password among them. */
  readonly connection: Readonly<Record<string, string>>;
  /** An exported snapshot. Default: the moment that it begins. */
  readonly snapshot?: string;
  /** Absolute path of the file to write; it exists, with the mode that it is to have. */
  readonly file: string;
  readonly deadlineMs: number;
}

/** PostgreSQL's client programs. Passwords reach them by the environment alone. */
export interface PostgresPrograms {
  /** The newest pg_dump that is not older than the server, or only `wanted`; undefined when there is none. */
  find(
    serverMajor: number,
    wanted: string | undefined,
    signal: AbortSignal,
  ): Promise<DumpProgram | undefined>;
  /** `pg_dump -Fc -Z1`; returns what it warned of. Throws `dump-failed`. */
  dump(order: DumpOrder, signal: AbortSignal): Promise<readonly string[]>;
  /** `pg_dump -s`: the schema alone, as text. Throws `dump-failed`. */
  dumpSchema(order: DumpOrder, signal: AbortSignal): Promise<void>;
  /** Decodes a whole dump without restoring it: listing it would read its head alone. Throws `dump-failed`. */
  decode(
    program: DumpProgram,
    file: string,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<void>;
}

const PLACES = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"];
const ASK_MS = 5000;
/** How long pg_dump waits for a lock: it must not queue behind a migration, nor let others queue behind itself. */
export const LOCK_WAIT = "10s";

type Run = (
  command: {
    readonly program: string;
    readonly args: readonly string[];
    readonly deadlineMs: number;
  },
  more: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Finished>;

/** Opens the client programs of this machine; `environment` gives PATH. */
export function openPostgresPrograms(
  { files, processes }: { readonly files: Files; readonly processes: Processes },
  environment: Readonly<Record<string, string>>,
): PostgresPrograms {
  const path = environment["PATH"] ?? "";

  async function run(...[command, more, signal]: Parameters<Run>): Promise<Finished> {
    const env = { PATH: path, LC_ALL: "C", ...more };
    return processes.run({ ...command, cwd: "/", env }, signal);
  }

  return {
    async find(serverMajor, wanted, signal) {
      const found =
        wanted === undefined
          ? await Promise.all(
              (await candidates(files, path)).map(async (place) =>
                inspectOrPass(files, run, place, signal),
              ),
            )
          : [await inspect(files, run, wanted, signal)];
      return found
        .filter((one) => one !== undefined)
        .filter(({ major }) => major >= serverMajor)
        .toSorted((one, other) => other.major - one.major)[0];
    },
    dump: async (order, signal) =>
      dumpWith(run, order, ["--format=custom", "--compress=1"], signal),
    dumpSchema: async (order, signal) => {
      await dumpWith(run, order, ["--schema-only", "--no-owner", "--no-acl"], signal);
    },
    decode: async (...[program, file, deadlineMs, signal]) => {
      const command = { program: program.restore, args: ["--file=/dev/null", file], deadlineMs };
      requireDone("pg_restore", await run(command, {}, signal));
    },
  };
}

/** A folder of PATH that rollwatch's user may not look into holds no program for it. */
async function inspectOrPass(
  ...[files, run, dump, signal]: Parameters<typeof inspect>
): Promise<DumpProgram | undefined> {
  try {
    return await inspect(files, run, dump, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function inspect(
  files: Files,
  run: Run,
  dump: string,
  signal: AbortSignal,
): Promise<DumpProgram | undefined> {
  const restore = join(dump, "..", "pg_restore");
  if ((await files.kind(dump)) === "absent" || (await files.kind(restore)) === "absent") {
    return undefined;
  }
  const asked = { program: dump, args: ["--version"], deadlineMs: ASK_MS };
  const finished = await run(asked, {}, signal);
  const version = /\) (\d+(?:\.\d+)*)/u.exec(finished.stdout)?.[1];
  return finished.status === 0 && version !== undefined
    ? { dump, restore, version, major: Number.parseInt(version, 10) }
    : undefined;
}

async function dumpWith(
  run: Run,
  { program, connection, snapshot, file, deadlineMs }: DumpOrder,
  how: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const args = [
    ...how,
    "--no-password",
    `--lock-wait-timeout=${LOCK_WAIT}`,
    ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
    `--file=${file}`,
  ];
  const finished = await run({ program: program.dump, args, deadlineMs }, connection, signal);
  return requireDone("pg_dump", finished);
}

async function candidates(files: Files, path: string): Promise<readonly string[]> {
  return (await programFolders(files, path)).map((folder) => join(folder, "pg_dump"));
}

/** Folders that may hold PostgreSQL's programs. Where distributions put them comes first: in PATH there may be a wrapper that chooses for itself. */
export async function programFolders(files: Files, path: string): Promise<readonly string[]> {
  const installed = await Promise.all(PLACES.map(async (place) => expand(files, place)));
  const inPath = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set([...installed.flat(), ...inPath])];
}

/** The folders that match a pattern with at most one star. */
async function expand(files: Files, pattern: string): Promise<readonly string[]> {
  const parts = pattern.split("/");
  const star = parts.findIndex((part) => part.includes("*"));
  if (star === -1) {
    return [pattern];
  }
  const parent = parts.slice(0, star).join("/");
  const prefix = (parts[star] ?? "").replace("*", "");
  const names = await files.list(parent);
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => [parent, name, ...parts.slice(star + 1)].join("/"));
}

/** What the program warned of; throws `dump-failed`. Its own errors count whatever its exit status says. */
export function requireDone(program: string, finished: Finished): readonly string[] {
  const lines = finished.stderr.split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) => /error:/u.test(line));
  if (finished.kind === "exited" && finished.status === 0 && errors.length === 0) {
    return lines;
  }
  const ended = {
    exited: `ended with status ${finished.status ?? "none"}`,
    "timed-out": "took too long",
    "not-found": "could not be started",
  }[finished.kind];
  const reason = (errors.length > 0 ? errors : lines).slice(-3).join("; ");
  throw new Failure("dump-failed", `${program} ${ended}${reason === "" ? "" : `: ${reason}`}`, {
    hint: "The role of `database.url` must be able to read every table (pg_read_all_data); look at the disk of the state folder.",
  });
}
