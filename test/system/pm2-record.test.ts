import { describe, expect, it } from "vitest";
import { parseRecords, toDefinition, toServices } from "../../src/system/pm2-record.ts";

/** An entry of pm2's list, cut to what matters. */
function anEntry(changes: object = {}, env: object = {}): object {
  const pm2_env = {
    status: "online",
    unique_id: "5f2c",
    restart_time: 2,
    pm_uptime: 1000,
    pm_cwd: "/srv/app",
    pm_exec_path: "/srv/app/server.js",
    env: { PORT: 3000 },
    ...env,
  };
  return { pm_id: 0, name: "api", pid: 42, pm2_env, ...changes };
}

function instancesOf(
  ...entries: readonly object[]
): ReturnType<typeof toServices>[number]["instances"] {
  return toServices(parseRecords(entries), ["api"])[0]?.instances ?? [];
}

function environmentOf(env: object): Readonly<Record<string, string>> | undefined {
  return parseRecords([anEntry({}, env)]).map(toDefinition)[0]?.env;
}

describe("pm2's list", () => {
  // pm2's status, the pid it notes, what both mean
  it.each([
    ["online", 42, { status: "online", pid: 42 }],
    ["stopped", 0, { status: "stopped", pid: 0 }],
    ["stopped", 42, { status: "waiting-restart", pid: 0 }], // between a crash and the restart
    ["waiting restart", 42, { status: "waiting-restart", pid: 0 }], // the old pid
    ["errored", 0, { status: "errored", pid: 0 }],
    ["stopping", 42, { status: "stopping", pid: 42 }],
    ["one-launch-status", 42, { status: "one-launch-status", pid: 42 }],
    ["something newer", 42, { status: "other", pid: 42 }],
  ])("reads %j with pid %i", (status, pid, meaning) => {
    expect(instancesOf(anEntry({ pid }, { status }))).toMatchObject([meaning]);
  });

  it("names the log files, but not pm2's word for none", () => {
    const env = { pm_out_log_path: "NULL", pm_err_log_path: "/var/log/api-error.log" };
    const [instance] = instancesOf(anEntry({}, env));

    expect(instance).toMatchObject({ errorLog: "/var/log/api-error.log" });
    expect(instance).not.toHaveProperty("outLog");
  });

  it("leaves out the old workers of a reload, whose ids are text", () => {
    const entries = [anEntry({ pm_id: "_old_0" }), anEntry({ pm_id: 3 })];

    expect(instancesOf(...entries).map((one) => one.id)).toEqual([3]);
  });

  it("tells two workers of a cluster apart, and two starts of one", () => {
    const starts = instancesOf(anEntry(), anEntry({ pm_id: 1 }), anEntry({}, { pm_uptime: 2000 }));

    expect(new Set(starts.map((one) => one.uniqueId)).size).toBe(3);
  });

  it.each([
    [undefined, true],
    [true, true],
    [false, false],
    ["false", false],
  ])("takes autorestart %j for %j", (autorestart, expected) => {
    expect(instancesOf(anEntry({}, { autorestart }))).toMatchObject([{ autorestart: expected }]);
  });

  it.each([
    // pm2's defaults
    [{}, { killTimeoutMs: 1600, waitReady: false, listenTimeoutMs: 3000 }],
    [
      { kill_timeout: 900, wait_ready: true, listen_timeout: 60_000 },
      { killTimeoutMs: 900, waitReady: true, listenTimeoutMs: 60_000 },
    ],
    // as a command line gives them
    [
      { kill_timeout: "900", wait_ready: "false", listen_timeout: "60000" },
      { killTimeoutMs: 900, waitReady: false, listenTimeoutMs: 60_000 },
    ],
    // no times
    [
      { kill_timeout: "soon", listen_timeout: 0 },
      { killTimeoutMs: 1600, listenTimeoutMs: 3000 },
    ],
  ])("reads pm2's own patience from %j", (env, expected) => {
    expect(instancesOf(anEntry({}, env))).toMatchObject([expected]);
  });

  it.each([
    [300_000_000, 300_000_000],
    ["300000000", 300_000_000],
    [undefined, undefined],
    [0, undefined],
    ["plenty", undefined],
  ])("reads from max_memory_restart %j a limit of %j bytes", (limit, expected) => {
    const [instance] = instancesOf(anEntry({}, { max_memory_restart: limit }));

    expect(instance?.maxMemoryBytes).toBe(expected);
  });

  it("shows no value of the environment in a service", () => {
    const services = instancesOf(anEntry({}, { env: { SECRET: "hush" }, SECRET: "hush" }));

    expect(JSON.stringify(services)).not.toContain("hush");
  });
});

describe("a definition's environment", () => {
  it("is what the process got, also where pm2 named a part of it only", () => {
    const env = environmentOf({ PATH: "/bin", http_proxy: "http://p", env: { PORT: 3000 } });

    expect(env).toEqual({ PATH: "/bin", http_proxy: "http://p", PORT: "3000" });
  });

  it.each([
    ["pm2's own keys", { restart_time: 3, node_version: "20.20.2", namespace: "default" }],
    ["the number of a worker", { NODE_APP_INSTANCE: 1 }],
    ["the number of a worker under a name of its own", { instance_var: "WORKER", WORKER: 1 }],
    ["pm2's numbers among the variables", { env: { PORT: 3000, pm_id: 0, unique_id: "5f2c" } }],
    ["what is no text", { TAGS: ["a"], env: { PORT: 3000, io: null } }],
  ])("leaves out %s", (_, changes) => {
    expect(environmentOf(changes)).toEqual({ PORT: "3000" });
  });

  it("has a worker's number that the service set itself", () => {
    expect(environmentOf({ NODE_APP_INSTANCE: "x", env: { NODE_APP_INSTANCE: "x" } })).toEqual({
      NODE_APP_INSTANCE: "x",
    });
  });
});
