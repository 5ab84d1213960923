import { describe, expect, it } from "vitest";
import { createMemoryProbe, MemoryProbeSettings } from "../../../src/observe/probes/memory.ts";
import type { Reading } from "../../../src/model/sample.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { type FakeMemory, fakeMemory } from "../../support/fakes/memory.ts";
import { type FakePm2, fakePm2 } from "../../support/fakes/pm2.ts";

const NEVER = new AbortController().signal;
const MEBIBYTE = 1024 ** 2;
const ALL = { usedBytes: 97, limitBytes: 100 };

interface Measuring {
  readonly memory: FakeMemory;
  readonly pm2: FakePm2;
  sample(signal?: AbortSignal): Promise<Reading>;
}

/** A machine that is a quarter full, with two services in pm2 whose processes hold 100 and 300 MiB. */
function aMachine(settings: object = {}): Measuring {
  const memory = fakeMemory();
  const pm2 = fakePm2();
  for (const [place, name] of ["api", "worker"].entries()) {
    pm2.add(name, { options: {}, env: {} });
    pm2.change(name, { pid: 70 + place, status: "online" });
    memory.setProcess(70 + place, (100 + place * 200) * MEBIBYTE);
  }
  const probe = createMemoryProbe(
    "memory",
    MemoryProbeSettings.parse({ kind: "memory", ...settings }),
    { memory, pm2, clock: createManualClock(), services: ["api", "worker"], limit: 0.95 },
  );
  return { memory, pm2, sample: async (signal = NEVER) => probe.sample(signal) };
}

describe("the memory in use", () => {
  it("is the machine's when nothing else has a limit", async () => {
    expect(await aMachine().sample()).toEqual({
      kind: "measured",
      value: 0.25,
      detail: "the host: 2.0 GiB of 8.0 GiB (25 %)",
    });
  });

  it("is the control group's when that is fuller", async () => {
    const machine = aMachine();
    machine.memory.setCgroup({ usedBytes: 300 * MEBIBYTE, limitBytes: 400 * MEBIBYTE });

    expect(await machine.sample()).toEqual({
      kind: "measured",
      value: 0.75,
      detail: "the control group: 300 MiB of 400 MiB (75 %)",
    });
  });

  it("is that of the fullest process, which names its service", async () => {
    expect(await aMachine({ processLimit: "400MiB" }).sample()).toEqual({
      kind: "measured",
      value: 0.75,
      detail: "worker (71): 300 MiB of 400 MiB (75 %)",
      service: "worker",
    });
  });

  it("is measured against pm2's own limit where that is less", async () => {
    const machine = aMachine({ processLimit: "400MiB" });
    machine.pm2.change("api", { maxMemoryBytes: 110 * MEBIBYTE });
    machine.pm2.change("worker", { maxMemoryBytes: 900 * MEBIBYTE });

    expect(await machine.sample()).toMatchObject({
      detail: "api (70): 100 MiB of 110 MiB (91 %)",
      service: "api",
    });
  });

  it("leaves out processes that are stopped, or gone since pm2 was asked", async () => {
    const machine = aMachine({ of: ["process"], processLimit: "400MiB" });
    machine.memory.setProcess(71, undefined);
    machine.pm2.change("api", { pid: 0, status: "stopped" });

    expect(await machine.sample()).toEqual({
      kind: "absent",
      reason: "no-metrics",
      detail: "no control group and no process has a memory limit",
    });
  });

  it.each([
    [["host"], "the host: 97 KiB of 100 KiB (97 %)"],
    [["cgroup"], "the control group: 98 KiB of 100 KiB (98 %)"],
    [["process"], "worker (71): 300 MiB of 310 MiB (97 %)"],
  ])("is looked for in %j alone when the settings say so", async (of, detail) => {
    const machine = aMachine({ of, processLimit: "310MiB" });
    machine.memory.setHost({ usedBytes: 97 * 1024, limitBytes: 100 * 1024 });
    machine.memory.setCgroup({ usedBytes: 98 * 1024, limitBytes: 100 * 1024 });

    expect(await machine.sample()).toMatchObject({ detail });
  });
});

describe("processes that pm2 does not name", () => {
  it("leave open whether the memory is full", async () => {
    const machine = aMachine();
    machine.pm2.setDaemon({ kind: "dead", reason: "no process 7" });

    expect(await machine.sample()).toMatchObject({ kind: "absent", reason: "pm2-dead" });
  });

  it("change nothing about a machine that is full", async () => {
    const machine = aMachine();
    machine.memory.setHost(ALL);
    machine.pm2.setDaemon({ kind: "hung", pid: 7, reason: "no pong" });

    expect(await machine.sample()).toMatchObject({ kind: "measured", value: 0.97 });
  });

  it("change nothing where they are not asked for", async () => {
    const machine = aMachine({ of: ["host"] });
    machine.pm2.setDaemon({ kind: "dead", reason: "no process 7" });

    expect(await machine.sample()).toMatchObject({ kind: "measured", value: 0.25 });
  });
});

it("a look at the memory ends with the signal's reason", async () => {
  const reason = new Error("stop");

  await expect(aMachine().sample(AbortSignal.abort(reason))).rejects.toBe(reason);
});
