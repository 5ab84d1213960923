import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/model/failure.ts";
import type { Reading } from "../../../src/model/sample.ts";
import { CommandProbeSettings, createCommandProbe } from "../../../src/observe/probes/command.ts";
import { openClock } from "../../../src/system/clock.ts";
import type { Finished } from "../../../src/system/process-run.ts";
import { openProcesses } from "../../../src/system/process.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { fakeProcesses } from "../../support/fakes/processes.ts";

const NEVER = new AbortController().signal;
const PROGRAM = "/opt/checks/report";

function settingsOf(more: object = {}): CommandProbeSettings {
  return CommandProbeSettings.parse({ kind: "command", program: PROGRAM, ...more });
}

async function readingOf(finished: Partial<Finished>, more: object = {}): Promise<Reading> {
  const processes = fakeProcesses();
  processes.answer(PROGRAM, finished);
  const ports = {
    processes,
    clock: createManualClock(),
    childEnvironment: {},
    secrets: ["sesame"],
  };
  return createCommandProbe("report", settingsOf(more), ports).sample(NEVER);
}

describe("the command probe", () => {
  it("measures 0 for an expected exit status", async () => {
    expect(await readingOf({ status: 0, stdout: "fine\n" })).toEqual({
      kind: "measured",
      value: 0,
      detail: "exit 0 after 0 ms",
    });
    expect(await readingOf({ status: 3 }, { expectExit: [0, 3] })).toMatchObject({ value: 0 });
  });

  it.each([
    // How it ended, and what is told.
    [{ status: 2 }, "exit 2 after 0 ms, expected 0"],
    [
      { status: 2, stdout: "so far\n", stderr: "warning\nno export\n" },
      "exit 2 after 0 ms, expected 0: no export",
    ],
    [{ status: 2, stdout: "no export\n" }, "exit 2 after 0 ms, expected 0: no export"],
    [{ kind: "timed-out", status: null, stdout: "step 3" }, "it was not over after 10.0 s: step 3"],
  ] as const)("measures 1 for %j", async (finished, detail) => {
    expect(await readingOf(finished)).toEqual({ kind: "measured", value: 1, detail });
  });

  it.each([
    [{ kind: "not-found", status: null, stderr: "ENOENT" }, `${PROGRAM} cannot be started: ENOENT`],
    // Somebody, or the kernel, sent it a signal.
    [{ status: null, stderr: "" }, "it was ended by a signal"],
    // A script whose own program is missing.
    [
      { status: 127, stderr: "curl: not found" },
      "exit 127 after 0 ms, which says that a program is missing: curl: not found",
    ],
    [{ status: 126 }, "exit 126 after 0 ms, which says that a program is missing"],
  ] as const)("measures nothing for %j: no finding of the check", async (finished, detail) => {
    expect(await readingOf(finished)).toEqual({ kind: "absent", reason: "probe-crashed", detail });
  });

  it("measures nothing when the machine cannot run it", async () => {
    const hint = "Look.";
    const processes = {
      ...fakeProcesses(),
      run: async () => {
        throw new Failure("program-failed", "the folder to run in does not exist: /gone", { hint });
      },
    };
    const ports = { processes, clock: createManualClock(), childEnvironment: {}, secrets: [] };

    const reading = await createCommandProbe("report", settingsOf(), ports).sample(NEVER);

    expect(reading).toEqual({
      kind: "absent",
      reason: "probe-crashed",
      detail: "the folder to run in does not exist: /gone",
    });
  });

  it("throws the reason of an abort", async () => {
    const reason = new Error("told to stop");
    const ports = {
      processes: fakeProcesses(),
      clock: createManualClock(),
      childEnvironment: {},
      secrets: [],
    };

    const sampling = createCommandProbe("report", settingsOf(), ports).sample(
      AbortSignal.abort(reason),
    );

    await expect(sampling).rejects.toBe(reason);
  });

  it("tells no secrets: those of rollwatch, and what it was given by its environment", async () => {
    const reading = await readingOf(
      { status: 1, stderr: "login with sesame and geheim\n" },
      { env: { PGPASSWORD: "geheim" } },
    );

    expect(reading.detail).toBe(
      "exit 1 after 0 ms, expected 0: login with [redacted] and [redacted]",
    );
  });

  it("runs the program in its folder with what children get and its own variables", async () => {
    const processes = fakeProcesses();
    const settings = settingsOf({
      args: ["--all", "$HOME"],
      cwd: "/srv/app",
      env: { MODE: "check", LANG: "de" },
      timeout: "3s",
    });
    const childEnvironment = { PATH: "/usr/bin", LANG: "C" };
    const ports = { processes, clock: createManualClock(), childEnvironment, secrets: [] };
    const probe = createCommandProbe("report", settings, ports);

    await probe.sample(NEVER);

    expect(processes.commands).toEqual([
      {
        program: PROGRAM,
        args: ["--all", "$HOME"],
        cwd: "/srv/app",
        env: { PATH: "/usr/bin", LANG: "de", MODE: "check" },
        deadlineMs: 3000,
        graceMs: 2000,
        endsEscaped: true,
      },
    ]);
    expect(probe).toMatchObject({ signal: "report", kind: "command", intervalMs: 60_000 });
    // What ignores TERM needs its time to be ended; the sampler must not give up before.
    expect(probe.timeoutMs).toBeGreaterThanOrEqual(3000 + 2000);
  });
});

describe("the command probe that measures a number", () => {
  const number = { measure: "number" };

  it.each([
    ["42\n", 42],
    ["rows\n 0.5 \n\n", 0.5],
    ["-3", -3],
    ["1e3", 1000],
    [".5", 0.5],
  ])("reads the last line of %j", async (stdout, value) => {
    expect(await readingOf({ stdout }, number)).toMatchObject({ kind: "measured", value });
  });

  it.each(["", "none\n", "NaN", "Infinity", "1e400", "0x10", "12 rows", "1,5", "1\nrows", "1 2"])(
    "reads no number from %j",
    async (stdout) => {
      expect(await readingOf({ stdout }, number)).toMatchObject({
        kind: "absent",
        reason: "no-metrics",
      });
    },
  );

  it.each([
    [{ status: 1, stdout: "42\n" }],
    [{ kind: "timed-out", status: null, stdout: "42\n" }],
    [{ stdout: "42\n", truncated: true }],
  ] as const)("believes no number of a run that was not whole: %j", async (finished) => {
    expect(await readingOf(finished, number)).toMatchObject({
      kind: "absent",
      reason: "no-metrics",
    });
  });
});

describe("the settings of the command probe", () => {
  it.each([
    [{ program: "report" }],
    [{ program: "/bin/report\0x" }],
    [{ args: ["a\0b"] }],
    [{ cwd: "relative" }],
    [{ env: { "NO NAME": "x" } }],
    [{ expectExit: [] }],
    [{ expectExit: [256] }],
  ])("refuse %j", (more) => {
    const parsed = CommandProbeSettings.safeParse({ kind: "command", program: PROGRAM, ...more });

    expect(parsed.success).toBe(false);
  });
});

async function really(more: object): Promise<Reading> {
  const clock = openClock();
  const childEnvironment = { PATH: "/usr/bin:/bin" };
  const ports = { processes: openProcesses(clock), clock, childEnvironment, secrets: [] };
  return createCommandProbe("real", settingsOf(more), ports).sample(NEVER);
}

describe("a real command", () => {
  it("has its exit, its number and its absence measured", async () => {
    expect(await really({ program: "/bin/sh", args: ["-c", "exit 4"] })).toMatchObject({
      value: 1,
    });
    expect(await really({ program: "/bin/echo", args: ["17"], measure: "number" })).toMatchObject({
      value: 17,
    });
    expect(await really({ program: "/no/such/program" })).toMatchObject({
      kind: "absent",
      reason: "probe-crashed",
      detail: expect.stringContaining("/no/such/program cannot be started"),
    });
    expect(await really({ program: "/etc/passwd" })).toMatchObject({
      kind: "absent",
      detail: expect.stringContaining("EACCES"),
    });
  });
});
