import { describe, expect, it } from "vitest";
import { openPm2 } from "../../src/system/pm2.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { pm2Contract } from "../contracts/pm2.ts";
import { fakePm2 } from "../support/fakes/pm2.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";
import { withTempFolder } from "../support/temp.ts";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

pm2Contract("the fake", async () => {
  const pm2 = fakePm2();
  pm2.add("steady");
  return {
    pm2,
    killDaemon: async () => pm2.setDaemon({ kind: "dead", reason: "killed" }),
    close: async () => undefined,
  };
});

const { signal } = new AbortController();

function open(home: string, processes = fakeProcesses()): ReturnType<typeof openPm2> {
  const ports = { clock: openClock(), files: openFiles(), processes };
  return openPm2({ home, program: "pm2", environment: {} }, ports);
}

describe("openPm2", () => {
  it("refuses a home whose path leaves no room for a socket's name", () => {
    const home = `/tmp/${"x".repeat(100)}`;

    expect(() => open(home)).toThrow(/too long/u);
  });

  it("calls a home without a daemon dead, and leaves it empty", async () => {
    await withTempFolder(async (home) => {
      const daemon = await open(home).daemon(signal);

      expect(daemon).toMatchObject({ kind: "dead" });
      expect(await openFiles().list(home)).toEqual([]);
    });
  });

  it("names the daemon that has lost its socket, and the services that outlived theirs", async () => {
    await withTempFolder(async (home) => {
      const processes = fakeProcesses();
      // As it looks between fork and exec.
      processes.setProcess(6, { commandLine: `PM2 v7.0.4: God Daemon (${home})`, parent: 7 });
      processes.setProcess(7, { commandLine: `PM2 v7.0.4: God Daemon (${home})` });
      processes.setProcess(8, { commandLine: "PM2 v7.0.4: God Daemon (/elsewhere)" });
      processes.setEnvironment(12, { PM2_HOME: home, name: "api" });
      processes.setEnvironment(13, { PM2_HOME: "/elsewhere", name: "worker" });
      await mkdir(join(home, "pids"));
      await writeFile(join(home, "pids", "api-0.pid"), "12");
      await writeFile(join(home, "pids", "worker-1.pid"), "13");
      await writeFile(join(home, "pids", "gone-2.pid"), "");

      const daemon = await open(home, processes).daemon(signal);

      expect(daemon).toEqual({
        kind: "dead",
        reason: `process 7 listens no more: ENOENT at ${join(home, "rpc.sock")}; services that run on without it: api (pid 12)`,
      });
    });
  });

  it.each([
    ["a lock of ten seconds ago", "990000", /reloading/u],
    ["a lock of a clock that was set back ten seconds", "1010000", /reloading/u],
    ["a lock older than pm2 itself honours", "970000", undefined],
    ["an empty lock, which pm2 leaves behind", "", undefined],
  ])("tells whether pm2 is reloading by %s", async (_, lock, expected) => {
    await withTempFolder(async (home) => {
      await writeFile(join(home, "reload.lock"), lock);

      const busy = await open(home).busy(1_000_000);

      expect(busy ?? "").toMatch(expected ?? /^$/u);
    });
  });
});
