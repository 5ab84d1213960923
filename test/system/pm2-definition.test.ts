import { describe, expect, it } from "vitest";
import { definitionHash } from "../../src/system/pm2-definition.ts";
import type { Definition } from "../../src/system/pm2.ts";

function aDefinition(changes: Partial<Definition> = {}): Definition {
  return {
    name: "api",
    hash: "",
    options: { pm_exec_path: "/srv/app/server.js", pm_cwd: "/srv/app", exec_mode: "fork_mode" },
    env: { PORT: "3000", NODE_ENV: "production" },
    ...changes,
  };
}

function withOption(name: string, value: unknown): Definition {
  const { options } = aDefinition();
  return aDefinition({ options: { ...options, [name]: value } });
}

function withVariable(name: string, value: string): Definition {
  return aDefinition({ env: { ...aDefinition().env, [name]: value } });
}

const OF_A_SESSION =
  "TMUX TMUX_PANE COLORTERM LS_COLORS S_COLORS DISPLAY WINDOWID LC_TIME MAIL HOSTNAME DEBUGINFOD_URLS DBUS_SESSION_BUS_ADDRESS GPG_TTY VSCODE_IPC_HOOK_CLI GIT_ASKPASS CI CI_JOB_ID GITHUB_RUN_ID".split(
    " ",
  );

describe("definitionHash", () => {
  it.each([
    ["a changed script", withOption("pm_exec_path", "/srv/app/other.js")],
    ["a changed working directory", withOption("pm_cwd", "/srv/other")],
    ["an added argument", withOption("args", ["--verbose"])],
    ["another mode", withOption("exec_mode", "cluster_mode")],
    ["a memory limit", withOption("max_memory_restart", 100)],
    ["a changed variable", withVariable("PORT", "3001")],
    ["an added variable", withVariable("FEATURE", "on")],
    ["another language", withVariable("LANG", "de_DE.UTF-8")],
    ["another locale", withVariable("LC_ALL", "C")],
    ["the user that a database client logs in as", withVariable("USER", "other")],
    ["the commit that a CI job deployed", withVariable("GITHUB_SHA", "abc")],
    ["the version that the application serves", withVariable("GIT_COMMIT", "abc")],
    ["a variable less", aDefinition({ env: { PORT: "3000" } })],
  ])("differs for %s", (_, changed) => {
    expect(definitionHash(changed)).not.toBe(definitionHash(aDefinition()));
  });

  it.each([
    ["the uuid that pm2 adds", withVariable("unique_id", "another")],
    ["the number of a worker", withVariable("NODE_APP_INSTANCE", "1")],
    ["the shell's level", withVariable("SHLVL", "7")],
    ["the session of who started it", withVariable("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22")],
    ...OF_A_SESSION.map((name): [string, Definition] => [
      `the ${name} of who started it`,
      withVariable(name, "x"),
    ]),
    ["pm2's own variables", withVariable("PM2_USAGE", "CLI")],
    ["the module settings that pm2 adds under the service's name", withVariable("api", "{}")],
    ["the mark of an update by pm2", withVariable("updateEnv", "true")],
    ["an option that is false instead of absent", withOption("wait_ready", false)],
    ["the place of its logs", withOption("pm_out_log_path", "/var/log/api.log")],
    ["the order of its variables", aDefinition({ env: { NODE_ENV: "production", PORT: "3000" } })],
  ])("is the same whatever %s", (_, same) => {
    expect(definitionHash(same)).toBe(definitionHash(aDefinition()));
  });

  it("leaves out the variable that a service chose for the number of a worker", () => {
    const first = withOption("instance_var", "WORKER");
    const second = { ...first, env: { ...first.env, WORKER: "1" } };

    expect(definitionHash(second)).toBe(definitionHash(first));
  });
});
