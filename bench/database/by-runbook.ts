import path from "node:path";
import { run } from "../../lab/command.ts";
import { constructedEnvironment } from "../../lab/environment.ts";
import { DATABASE, type Place } from "./place.ts";

const LIMIT_MS = 3_600_000;

/** The runbook's backup: a plain dump. */
export async function dumpByRunbook(place: Place): Promise<void> {
  await runProgram(place, "pg_dump", ["--file", fileOf(place)]);
}

/**
 * The runbook's rollback of the database, repaired where it cannot work, and nothing more: sessions that are left are ended
 * (`with (force)`), since the server drops no database that somebody uses.
 */
export async function restoreByRunbook(place: Place): Promise<void> {
  await place.cluster.admin(`drop database ${DATABASE} with (force)`);
  await place.cluster.admin(`create database ${DATABASE}`);
  await runProgram(place, "psql", ["--quiet", "--output", "/dev/null", "--file", fileOf(place)]);
}

/** As a superuser, as the runbook does. */
async function runProgram(
  { cluster, ports }: Place,
  name: "pg_dump" | "psql",
  args: readonly string[],
): Promise<void> {
  const major = Number.parseInt(cluster.programs.version, 10);
  const { signal } = new AbortController();
  const found = await ports.programs.find(major, undefined, signal);
  if (found === undefined) {
    throw new Error("there is no pg_dump");
  }
  const program = path.join(path.dirname(found.dump), name);
  const address = cluster.url("dba", "hush", DATABASE);
  await run(program, [...args, "--dbname", address], {
    cwd: "/",
    env: constructedEnvironment(),
    timeoutMs: LIMIT_MS,
  });
}

function fileOf({ lab }: Place): string {
  return path.join(lab.folder, "backup_pre_deployment.sql");
}
