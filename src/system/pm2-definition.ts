import { createHash } from "node:crypto";
import type { Definition } from "./pm2.ts";

/**
 * The keys of pm2's record that a release defines. Everything else is what pm2 measured, numbered or filled in, and changes
 * without anybody's doing. The number of instances is not among them: after a reboot pm2 no longer holds it.
 */
const DEFINED = [
  "pm_exec_path",
  "pm_cwd",
  "args",
  "node_args",
  "exec_interpreter",
  "exec_mode",
  "namespace",
  "autorestart",
  "autostart",
  "watch",
  "ignore_watch",
  "max_memory_restart",
  "kill_timeout",
  "kill_retry_time",
  "shutdown_with_message",
  "treekill",
  "wait_ready",
  "listen_timeout",
  "min_uptime",
  "max_restarts",
  "restart_delay",
  "exp_backoff_restart_delay",
  "cron_restart",
  "stop_exit_codes",
  "instance_var",
  "increment_var",
  "merge_logs",
  "log_type",
  "log_date_format",
  "disable_logs",
  "disable_source_map_support",
  "pmx",
  "uid",
  "gid",
] as const;

/** Options that are kept to start the process again as it was, but whose change is no change of the release. */
const KEPT = [
  "vizion",
  "automation",
  "username",
  "pm_pid_path",
  "pm_out_log_path",
  "pm_err_log_path",
  "pm_log_path",
] as const;

/**
 * Set anew at each start by pm2, npm, the shell, the editor, the CI job or the login session it was started from. What changes how a
 * program works stays: LANG and LC_ALL (the other LC_* are those that ssh brings along), USER and LOGNAME (PostgreSQL clients log in
 * by them), and of CI's and git's variables those that name what is released, since applications serve them.
 */
const PER_START = [
  /^(PM2_.*|npm_.*|axm_.*|SILENT|updateEnv|unique_id|pm_id|vizion_running)$/u,
  /^(_|SHLVL|PWD|OLDPWD|COLUMNS|LINES|HOSTNAME|MAIL|LC_(?!ALL$).*)$/u,
  /^(TERM.*|TMUX.*|COLORTERM|LS_COLORS|S_COLORS|DISPLAY|WINDOWID|DEBUGINFOD_URLS)$/u,
  /^(SSH_.*|XDG_.*|SUDO_.*|DBUS_.*|GPG_.*|INVOCATION_ID|JOURNAL_STREAM)$/u,
  /^(VSCODE_.*|CI|(CI|GITHUB|GIT)_(?!.*(SHA|COMMIT|TAG|REF|BRANCH|VERSION|RELEASE)).*)$/u,
] as const;

/** Those of pm2's options that it takes to start a process again. */
export function pickOptions(
  record: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known = [...DEFINED, ...KEPT].filter((key) => (record[key] ?? null) !== null);
  return Object.fromEntries(known.map((key) => [key, record[key]]));
}

/** sha256 in hex over what a release defines of a service: options and environment, whatever their order. */
export function definitionHash(definition: Omit<Definition, "hash">): string {
  // pm2 leaves out some options that are false, and not always the same ones.
  const defined = Object.fromEntries(DEFINED.map((key) => [key, definition.options[key] ?? false]));
  const variables = definedVariables(definition);
  return createHash("sha256")
    .update(JSON.stringify(canonical({ defined, variables })))
    .digest("hex");
}

/** The variables that a release defines, without those that each start sets anew. Secret. */
export function definedVariables({
  name,
  options,
  env,
}: Omit<Definition, "hash">): Readonly<Record<string, string>> {
  // A variable with the service's own name is added by pm2 when it starts a file; the other two number the instances.
  const added: ReadonlySet<unknown> = new Set([
    name,
    options["instance_var"] ?? "NODE_APP_INSTANCE",
    options["increment_var"],
  ]);
  return Object.fromEntries(
    Object.entries(env).filter(
      ([key]) => !PER_START.some((names) => names.test(key)) && !added.has(key),
    ),
  );
}

/** The same value with the keys of every object sorted, so that equal values have equal text. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(canonical);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, canonical(inner)]));
}
