import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { ask, failed, list, requireDaemon } from "./pm2-daemon.ts";
import { definitionHash } from "./pm2-definition.ts";
import { EFFECT_MS, stop } from "./pm2-process.ts";
import { toDefinition } from "./pm2-record.ts";
import type { Pm2Record } from "./pm2-record.ts";
import type { Definition, Pm2Access } from "./pm2.ts";

/** Where programs are looked for in an environment without PATH. */
const DEFAULT_PATH = "/usr/bin:/bin";

/** What pm2's daemon uses unseen when it starts a process: anything else there would end the daemon itself. */
const StartRecord = z.looseObject({
  name: z.string(),
  pm_exec_path: z.string(),
  pm_cwd: z.string(),
  pm_pid_path: z.string(),
  pm_out_log_path: z.string(),
  pm_err_log_path: z.string(),
  pm_log_path: z.string().optional(),
  exec_mode: z.enum(["fork_mode", "cluster_mode"]),
  exec_interpreter: z.string().optional(),
  env: z.record(z.string(), z.string()),
});
type StartRecord = z.infer<typeof StartRecord>;

/**
 * Removes the service's processes, starts the definitions with exactly their environments, and looks whether it is so. Each is
 * started by a call of its own: a call goes on in pm2 when we die, and one for all of them would add the rest to what the next
 * attempt starts.
 */
export async function replace(
  pm2: Pm2Access,
  name: string,
  definitions: readonly Definition[],
  signal: AbortSignal,
): Promise<void> {
  const records = toStart(pm2, name, definitions);
  await requireDaemon(pm2, signal);
  for (const record of records) {
    await requireStartable(pm2, record);
  }
  await remove(pm2, name, signal);
  for (const record of records) {
    await ask(pm2, { method: "prepare", args: [record] }, EFFECT_MS, signal);
  }
  const started = (await processesOf(pm2, name, signal)).map(toDefinition);
  const [want, got] = [definitions, started].map((all) => all.map(definitionHash).toSorted());
  if (JSON.stringify(want) !== JSON.stringify(got)) {
    throw failed(`pm2 did not start ${name} as it was captured (${started.length} processes)`);
  }
}

/** What pm2's daemon is handed for each definition: what it holds of a process, as it also gets from its own dump. */
function toStart(
  pm2: Pm2Access,
  name: string,
  definitions: readonly Definition[],
): readonly StartRecord[] {
  if (definitions.length === 0 || definitions.some((one) => one.name !== name)) {
    throw new Failure("service-unknown", `there is no definition to start ${name} from`, {
      hint: "The captured release does not know this service.",
    });
  }
  const pidFile = join(pm2.settings.home, "pids", `${name.replaceAll(/[^\w.-]/gu, "-")}.pid`);
  return definitions.map(({ options, env }) => {
    // With a number of instances, pm2 numbers the process among those of its name.
    const record = { pm_pid_path: pidFile, ...options, name, instances: 1, env };
    const parsed = StartRecord.safeParse(record);
    if (!parsed.success) {
      throw failed(`${name} cannot be started: ${z.prettifyError(parsed.error)}`);
    }
    return parsed.data;
  });
}

/** What can be known to fail is refused before anything is deleted. */
async function requireStartable(pm2: Pm2Access, record: StartRecord): Promise<void> {
  for (const path of [record.pm_cwd, record.pm_exec_path]) {
    if ((await pm2.files.kind(path)) === "absent") {
      throw failed(`${record.name} cannot be started: ${path} does not exist`);
    }
  }
  if (!(await hasInterpreter(pm2, record))) {
    throw failed(`${record.name} cannot be started: there is no ${record.exec_interpreter}`);
  }
  for (const path of [record.pm_out_log_path, record.pm_err_log_path, record.pm_log_path]) {
    // pm2 fails where the folder is missing.
    await pm2.files.makeFolder(dirname(path ?? record.pm_out_log_path), 0o755);
  }
}

async function hasInterpreter({ files }: Pm2Access, record: StartRecord): Promise<boolean> {
  const program = record.exec_interpreter;
  // The workers of a cluster run on the daemon's own Node.
  if (program === undefined || program === "none" || record.exec_mode === "cluster_mode") {
    return true;
  }
  const folders = (record.env["PATH"] ?? DEFAULT_PATH).split(":");
  const places = program.includes("/") ? [program] : folders.map((one) => join(one, program));
  for (const place of places) {
    if ((await files.kind(resolve(record.pm_cwd, place))) !== "absent") {
      return true;
    }
  }
  return false;
}

/**
 * Removes processes of this name until there is none. Each is stopped first: deleting a running one may take seconds, in which we
 * may die, and its late end would strike the next process with the same id.
 */
async function remove(pm2: Pm2Access, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const [next] = await processesOf(pm2, name, signal);
    if (next === undefined) {
      return;
    }
    const { pm_id: id, pm2_env: env } = next;
    if (env["watch"] !== undefined && env["watch"] !== false) {
      await ask(pm2, { method: "stopWatch", args: ["deleteProcessId", id] }, EFFECT_MS, signal);
    }
    await stop(pm2, { service: name, id }, signal);
    await ask(pm2, { method: "deleteProcessId", args: [id] }, EFFECT_MS, signal);
  }
}

async function processesOf(
  pm2: Pm2Access,
  name: string,
  signal: AbortSignal,
): Promise<readonly Pm2Record[]> {
  return (await list(pm2, signal)).filter((one) => one.name === name);
}
