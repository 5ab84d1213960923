import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openProcesses } from "../../src/system/process.ts";
import type { Command } from "../../src/system/process-run.ts";
import { processesContract } from "../contracts/processes.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";
import { withTempFolder } from "../support/temp.ts";

const clock = openClock();
const processes = openProcesses(clock);
const { signal } = new AbortController();
const PATH = process.env["PATH"] ?? "/usr/bin:/bin";

function aCommand(changes: Partial<Command> = {}): Command {
  return { program: "true", args: [], cwd: "/", env: { PATH }, deadlineMs: 20_000, ...changes };
}

function aScript(script: string, changes: Partial<Command> = {}): Command {
  return aCommand({ program: "sh", args: ["-c", script], ...changes });
}

processesContract("the kernel's", () => ({ processes, quiet: aCommand() }));
processesContract("the fake", () => ({ processes: fakeProcesses(), quiet: aCommand() }));

describe("run", () => {
  it("returns the exit status and both outputs apart", async () => {
    const finished = await processes.run(aScript("echo out; echo err >&2; exit 3"), signal);

    expect(finished).toMatchObject({ kind: "exited", status: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("gives the program the whole environment it was told, a tag of its own, and nothing else", async () => {
    const command = aCommand({ program: "env", env: { PATH, ONLY: "this" } });

    const first = await processes.run(command, signal);
    const second = await processes.run(command, signal);

    const lines = first.stdout.trim().split("\n").toSorted();
    expect(lines).toEqual([
      "ONLY=this",
      `PATH=${PATH}`,
      expect.stringMatching(/^ROLLWATCH_CHILD=[a-z0-9.]+\.\d+$/u),
    ]);
    expect(second.stdout).not.toBe(first.stdout);
  });

  it("gives no tag to a program that may start a daemon for others", async () => {
    const command = aCommand({ program: "env", env: { ONLY: "this" }, leavesDaemon: true });

    const finished = await processes.run(command, signal);

    expect(finished.stdout).toBe("ONLY=this\n");
  });

  it("passes arguments as they are, without a shell", async () => {
    const args = ["%s", "$(id) `id` ; *"];

    const finished = await processes.run(aCommand({ program: "printf", args }), signal);

    expect(finished.stdout).toBe("$(id) `id` ; *");
  });

  it("gives the program no input to wait for", async () => {
    const finished = await processes.run(aCommand({ program: "cat" }), signal);

    expect(finished).toMatchObject({ kind: "exited", status: 0, stdout: "" });
  });

  it("keeps the first mebibyte of each stream and says that there was more", async () => {
    const command = aScript("head -c 3000000 /dev/zero | tr '\\0' x");

    const finished = await processes.run(command, signal);

    expect(finished).toMatchObject({ kind: "exited", status: 0, truncated: true, stderr: "" });
    expect(finished.stdout).toHaveLength(1024 * 1024);
  });

  it("calls a missing program not found", async () => {
    const finished = await processes.run(aCommand({ program: "no-such-program" }), signal);

    expect(finished).toMatchObject({ kind: "not-found", status: null });
  });

  it("does not take a missing folder for a missing program", async () => {
    const running = processes.run(aCommand({ cwd: "/no-such-folder" }), signal);

    await expect(running).rejects.toMatchObject({ code: "program-failed" });
  });

  it("ends the program and its children at the deadline, also those that ignore TERM", async () => {
    await withTempFolder(async (folder) => {
      const command = aScript(
        `trap "" TERM; sh -c 'trap "" TERM; echo $$ > child; sleep 60' & wait`,
        { cwd: folder, deadlineMs: 300, graceMs: 500 },
      );
      const start = clock.monotonic();

      const finished = await processes.run(command, signal);

      expect(finished).toMatchObject({ kind: "timed-out", status: null });
      expect(clock.monotonic() - start).toBeLessThan(6000);
      const child = Number(await readFile(join(folder, "child"), "utf8"));
      expect(await processes.look(child)).toBeUndefined();
    });
  });

  it("ends what is stopped, and so cannot hear TERM", async () => {
    const command = aScript("kill -STOP $$", { deadlineMs: 300, graceMs: 200 });

    const finished = await processes.run(command, signal);

    expect(finished).toMatchObject({ kind: "timed-out", status: null });
    expect(await processes.stuck()).toEqual([]);
  });

  it("waits until a program that has closed its outputs has ended", async () => {
    const command = aScript("exec >&- 2>&-; sleep 0.4; exit 3");

    const finished = await processes.run(command, signal);

    expect(finished).toMatchObject({ kind: "exited", status: 3, stdout: "", stderr: "" });
  });

  it("returns outputs with NUL in them as they are", async () => {
    const finished = await processes.run(aCommand({ program: "printf", args: ["a\\0b"] }), signal);

    expect(finished.stdout).toBe("a\0b");
  });

  it("waits for a child that outlives the program", async () => {
    const start = clock.monotonic();

    const finished = await processes.run(aScript("sleep 0.4 & exit 0"), signal);

    expect(finished).toMatchObject({ kind: "exited", status: 0 });
    expect(clock.monotonic() - start).toBeGreaterThan(350);
  });

  it("does not wait for a daemon that left the group and holds the output", async () => {
    const start = clock.monotonic();

    const finished = await processes.run(aScript("setsid sleep 3 & echo done"), signal);

    expect(finished).toMatchObject({ kind: "exited", stdout: "done\n" });
    expect(clock.monotonic() - start).toBeLessThan(2500);
  });

  it("ends a daemon that left the group when it is told to, also one that ignores TERM", async () => {
    await withTempFolder(async (folder) => {
      const command = aScript(
        `setsid sh -c 'trap "" TERM; echo $$ > escaped; sleep 60' & while [ ! -s escaped ]; do sleep 0.01; done`,
        { cwd: folder, endsEscaped: true },
      );

      const finished = await processes.run(command, signal);

      expect(finished).toMatchObject({ kind: "exited", status: 0 });
      const escaped = Number(await readFile(join(folder, "escaped"), "utf8"));
      expect(escaped).toBeGreaterThan(1);
      expect(await processes.look(escaped)).toBeUndefined();
    });
  });

  it("leaves a daemon alone that another run has started", async () => {
    await withTempFolder(async (folder) => {
      const daemon = `setsid sleep 60 >&- 2>&- & echo $! > daemon`;
      await processes.run(aScript(daemon, { cwd: folder }), signal);
      const pid = Number(await readFile(join(folder, "daemon"), "utf8"));

      await processes.run(aScript("true", { endsEscaped: true }), signal);

      const facts = await processes.look(pid);
      process.kill(pid);
      expect(facts).toMatchObject({ commandLine: expect.stringContaining("sleep 60") });
    });
  });

  it("leaves alone what another run has started that ends escaped ones, too", async () => {
    await withTempFolder(async (folder) => {
      const other = processes.run(
        aScript(`setsid sh -c 'echo begun > begun; sleep 1; echo ended > ended' & sleep 1.5`, {
          cwd: folder,
          endsEscaped: true,
        }),
        signal,
      );
      while ((await readFile(join(folder, "begun"), "utf8").catch(() => "")) === "") {
        await clock.sleep(10, signal);
      }

      await processes.run(aScript("true", { endsEscaped: true }), signal);
      await other;

      expect(await readFile(join(folder, "ended"), "utf8")).toBe("ended\n");
    });
  });

  it("keeps no more of a flood in memory than it returns", async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 5);

    const finished = await processes.run(aScript("exec yes", { deadlineMs: 800 }), signal);

    clearInterval(watching);
    expect(finished).toMatchObject({ kind: "timed-out", truncated: true });
    // What `yes` says meanwhile is a gigabyte.
    expect(most - before).toBeLessThan(100 * 1024 * 1024);
  });

  it("ends the group when it is aborted, and throws the reason", async () => {
    await withTempFolder(async (folder) => {
      const controller = new AbortController();
      const reason = new Error("told to stop");
      const running = processes.run(
        aScript("echo $$ > pid; sleep 60", { cwd: folder }),
        controller.signal,
      );
      const file = join(folder, "pid");
      while (!(await readFile(file, "utf8").catch(() => "")).endsWith("\n")) {
        await clock.sleep(10, signal);
      }

      controller.abort(reason);

      await expect(running).rejects.toBe(reason);
      expect(await processes.look(Number(await readFile(file, "utf8")))).toBeUndefined();
    });
  });
});

describe("look", () => {
  it("tells folder, command line and start of a process", async () => {
    const child = spawn("sleep", ["60"], { cwd: "/tmp", stdio: "ignore" });
    await once(child, "spawn");

    const facts = await processes.look(child.pid ?? 0).finally(() => child.kill());

    expect(facts).toMatchObject({ cwd: "/tmp", commandLine: "sleep 60" });
    expect(facts?.startTicks).toMatch(/^\d+$/u);
  });

  it("tells the same start twice, and another one of another process", async () => {
    const own = await processes.look(process.pid);
    const parent = await processes.look(process.ppid);

    expect((await processes.look(process.pid))?.startTicks).toBe(own?.startTicks);
    expect(parent?.startTicks).not.toBe(own?.startTicks);
  });
});

describe("environment", () => {
  it("is what a process was started with, also where a value has an equals sign", async () => {
    const child = spawn("sleep", ["60"], { env: { PATH, MODE: "a=b", EMPTY: "" } });

    await once(child, "spawn");
    const found = await processes.environment(child.pid ?? 0).finally(() => child.kill());

    expect(found).toEqual({ PATH, MODE: "a=b", EMPTY: "" });
  });
});

describe("the table of processes", () => {
  it("tells who started us", async () => {
    expect((await processes.ancestors()).slice(0, 2)).toEqual([process.pid, process.ppid]);
  });

  it("finds a process by the beginning of its command line, and not by what comes later in it", async () => {
    const child = spawn("sleep", ["4711"], { stdio: "ignore" });
    await once(child, "spawn");

    const [byBeginning, byMiddle] = await Promise.all([
      processes.titled("sleep\x004711"),
      processes.titled("4711"),
    ]).finally(() => child.kill());

    expect(byBeginning).toEqual([child.pid]);
    expect(byMiddle).toEqual([]);
  });
});
