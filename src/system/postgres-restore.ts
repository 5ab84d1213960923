import { type DumpProgram, LOCK_WAIT, requireDone } from "./postgres-programs.ts";
import type { Command } from "./process-run.ts";
import type { Processes } from "./process.ts";

/** Where to, and for how long. */
interface RestoreOrder {
  readonly program: DumpProgram;
  /** libpq's variables of the connection to the live database. */
  readonly connection: Readonly<Record<string, string>>;
  /** The empty database that is filled. */
  readonly into: string;
  readonly deadlineMs: number;
}

/** Fills a database that was made for it. Throws `dump-failed`. */
export interface PostgresRestore {
  /** From the live one, at the moment of an exported snapshot: nothing is written in between. */
  copy(order: RestoreOrder & { readonly snapshot: string }, signal: AbortSignal): Promise<void>;
  /** From a compressed dump. */
  restore(order: RestoreOrder & { readonly file: string }, signal: AbortSignal): Promise<void>;
}

/** How many tables at a time from a file; a pipe allows one. */
const JOBS = 2;
/** The live database's settings, once copied, must not stop a restore. */
const WRITABLE = "-c default_transaction_read_only=off";

/** Opens pg_restore as `environment` (PATH) and the order find it. */
export function openPostgresRestore(
  { processes }: { readonly processes: Processes },
  environment: Readonly<Record<string, string>>,
): PostgresRestore {
  const common = { PATH: environment["PATH"] ?? "", LC_ALL: "C" };

  function restoring(order: RestoreOrder, more: readonly string[]): Command {
    const { program, connection, into, deadlineMs } = order;
    const options = [connection["PGOPTIONS"], WRITABLE].filter((one) => one !== undefined);
    const env = { ...common, ...connection, PGDATABASE: into, PGOPTIONS: options.join(" ") };
    const args = ["--exit-on-error", "--no-password", `--dbname=${into}`, ...more];
    return { program: program.restore, args, cwd: "/", env, deadlineMs };
  }

  return {
    copy: async (order, signal) => {
      const { program, connection, snapshot, deadlineMs } = order;
      const how = ["--format=custom", "--compress=0", "--no-password"];
      const args = [...how, `--lock-wait-timeout=${LOCK_WAIT}`, `--snapshot=${snapshot}`];
      const env = { ...common, ...connection };
      const from = { program: program.dump, args, cwd: "/", env, deadlineMs };
      const to = restoring(order, []);
      const [dumped, restored] = await processes.runPiped(from, to, signal);
      // What the reader says first explains why the writer found its pipe closed.
      if (restored.status !== 0 && dumped.status !== 0 && /broken pipe/iu.test(dumped.stderr)) {
        requireDone("pg_restore", restored);
      }
      requireDone("pg_dump", dumped);
      requireDone("pg_restore", restored);
    },
    restore: async (order, signal) => {
      const command = restoring(order, [`--jobs=${JOBS}`, order.file]);
      requireDone("pg_restore", await processes.run(command, signal));
    },
  };
}
