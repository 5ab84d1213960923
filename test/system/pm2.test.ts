import { describe, expect, it } from "vitest";
import { openPm2 } from "../../src/system/pm2.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { pm2Contract } from "../contracts/pm2.ts";
import { fakePm2 } from "../support/fakes/pm2.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";
import { withTempFolder } from "../support/temp.ts";
import { writeFile } from "node:fs/promises";
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

function open(home: string): ReturnType<typeof openPm2> {
  const ports = { clock: openClock(), files: openFiles(), processes: fakeProcesses() };
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
