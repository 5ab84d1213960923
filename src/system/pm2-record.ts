import { isAbsolute } from "node:path";
import { z } from "zod";
import type { Service, ServiceInstance, ServiceStatus } from "../model/service.ts";
import { SERVICE_STATUSES } from "../model/service.ts";
import { definitionHash, pickOptions } from "./pm2-definition.ts";
import type { Definition } from "./pm2.ts";

/** What rollwatch reads of one process in pm2's list. pm2 also keeps entries with textual ids while it reloads; they are left out. */
const Pm2Record = z.object({
  pm_id: z.number().int(),
  name: z.string(),
  pid: z.number().int().optional(),
  pm2_env: z.looseObject({
    status: z.string(),
    unique_id: z.string().default(""),
    restart_time: z.number().default(0),
    pm_uptime: z.number().default(0),
    pm_cwd: z.string(),
    pm_exec_path: z.string(),
    env: z.record(z.string(), z.unknown()).default({}),
  }),
});
export type Pm2Record = z.infer<typeof Pm2Record>;

/** pm2's own defaults. */
const KILL_TIMEOUT_MS = 1600;
const LISTEN_TIMEOUT_MS = 3000;

/** What tells a variable from a key of pm2's own; proxies are by custom in lower case. */
const VARIABLE = /^[A-Z]|^(https?|all|no)_proxy$/u;
/** Given back to pm2, these would start a process under the number of another. */
const NUMBERED_BY_PM2: ReadonlySet<string> = new Set(["unique_id", "pm_id"]);

const NumberedEntry = z.object({ pm_id: z.number() });

/** pm2's list, parsed. */
export function parseRecords(answer: unknown): readonly Pm2Record[] {
  return z
    .array(z.unknown())
    .parse(answer)
    .filter((entry) => NumberedEntry.safeParse(entry).success)
    .map((entry) => Pm2Record.parse(entry));
}

/** The named services in the order asked. */
export function toServices(
  records: readonly Pm2Record[],
  names: readonly string[],
): readonly Service[] {
  return names.map((name) => ({
    name,
    instances: records.filter((one) => one.name === name).map(toInstance),
  }));
}

/** What it takes to start this process again. */
export function toDefinition(record: Pm2Record): Definition {
  const defined = {
    name: record.name,
    options: pickOptions(record.pm2_env),
    env: toEnvironment(record.pm2_env),
  };
  return { ...defined, hash: definitionHash(defined) };
}

/** Whether it is an extension of pm2 itself, such as its log rotation. */
export function isModule({ pm2_env: env }: Pm2Record): boolean {
  return env["pmx_module"] === true || env["pmx_module"] === "true";
}

/** What pm2 keeps in `status`, made precise. */
export function statusOf(record: Pm2Record): ServiceStatus {
  const status = record.pm2_env.status.replaceAll(" ", "-");
  // pm2 also says `stopped` between a crash and the restart; only then the old pid is still noted.
  if (status === "stopped" && (record.pid ?? 0) !== 0) {
    return "waiting-restart";
  }
  return SERVICE_STATUSES.find((known) => known === status) ?? "other";
}

/** The process as the rest of rollwatch sees it. */
export function toInstance(record: Pm2Record): ServiceInstance {
  const env = record.pm2_env;
  const status = statusOf(record);
  const autorestart = env["autorestart"];
  const maxMemoryBytes = Number(env["max_memory_restart"] ?? 0);
  return {
    id: record.pm_id,
    // pm2's uuid survives restarts and is shared by the workers of a cluster.
    uniqueId: `${env.unique_id}/${record.pm_id}/${env.pm_uptime}`,
    pid: status === "waiting-restart" ? 0 : (record.pid ?? 0),
    status,
    restarts: env.restart_time,
    startedAt: env.pm_uptime,
    cwd: env.pm_cwd,
    script: env.pm_exec_path,
    autorestart: autorestart !== false && autorestart !== "false",
    killTimeoutMs: durationOf(env["kill_timeout"], KILL_TIMEOUT_MS),
    waitReady: (env["wait_ready"] ?? false) !== false && env["wait_ready"] !== "false",
    listenTimeoutMs: durationOf(env["listen_timeout"], LISTEN_TIMEOUT_MS),
    ...(maxMemoryBytes > 0 ? { maxMemoryBytes } : {}),
    ...logPath("outLog", env["pm_out_log_path"]),
    ...logPath("errorLog", env["pm_err_log_path"]),
    // Looked at much more rarely than the rest, and the dearest part of it.
    get definitionHash() {
      return toDefinition(record).hash;
    },
  };
}

/** pm2 takes `NULL` for nowhere. */
function logPath<K extends "outLog" | "errorLog">(
  key: K,
  path: unknown,
): { readonly [P in K]?: string } {
  const nothing: { readonly [P in K]?: string } = {};
  return typeof path === "string" && isAbsolute(path) ? { ...nothing, [key]: path } : nothing;
}

/** pm2 takes its durations as numbers and as text, and its default for anything else. */
function durationOf(value: unknown, defaultMs: number): number {
  const ms = typeof value === "string" ? Number.parseInt(value, 10) : value;
  return typeof ms === "number" && Number.isFinite(ms) && ms > 0 ? ms : defaultMs;
}

/**
 * The environment that the process got, as text, without what pm2 adds by itself at each start. pm2 keeps it twice: beside its own keys,
 * which is what it hands to the process, and in `env`, where a restart from an ecosystem file leaves that file's variables only. Beside
 * pm2's own keys a variable is known by its capitals.
 */
function toEnvironment(record: Pm2Record["pm2_env"]): Readonly<Record<string, string>> {
  const { env: named, ...all } = record;
  const numbered = record["instance_var"] ?? "NODE_APP_INSTANCE";
  const beside = Object.entries(all).filter(([key]) => VARIABLE.test(key) && key !== numbered);
  const variables: Record<string, string> = {};
  for (const [key, value] of [...beside, ...Object.entries(named)]) {
    const isText =
      typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    if (isText && !NUMBERED_BY_PM2.has(key)) {
      variables[key] = String(value);
    }
  }
  return variables;
}
