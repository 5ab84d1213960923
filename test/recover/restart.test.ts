import { describe, expect, it } from "vitest";
import { ApplicationSettings } from "../../src/model/application.ts";
import type { Entry } from "../../src/model/facts.ts";
import { Plan } from "../../src/model/plan.ts";
import type { Service, ServiceInstance } from "../../src/model/service.ts";
import { withDependents } from "../../src/recover/dependents.ts";
import { makeRestartPlan } from "../../src/recover/plan-restart.ts";
import type { RecoveryPorts } from "../../src/recover/ports.ts";
import { runRecovery, type RecoveryEnd } from "../../src/recover/run.ts";
import type { Step } from "../../src/recover/step.ts";
import { createStep, KnownStep } from "../../src/recover/steps/index.ts";
import { anIdentity, aService, NOON } from "../support/builders.ts";
import { aLife, Death, type Life, memoryJournal, mortalPorts } from "../support/mortal.ts";
import { aPatient, LIVE, type Patient, SERVICES } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

const APPLICATION = ApplicationSettings.parse({
  name: "patient",
  root: "/srv/app",
  pm2Home: "/srv/pm2",
  services: [{ name: "api", quiesce: "5s", boot: "4s" }, { name: "importer" }, { name: "cleaner" }],
  artifacts: ["server"],
});

type Input = Parameters<typeof makeRestartPlan>[0];

function anInput(over: Partial<Input> = {}): Input {
  return {
    id: "plan-1",
    incident: "inc-1",
    requestedBy: "policy",
    now: NOON,
    deadline: NOON + 60_000,
    configHash: "4444",
    from: anIdentity(),
    application: APPLICATION,
    services: [aService("api"), aService("importer"), aService("cleaner")],
    names: ["importer", "api"],
    ...over,
  };
}

function deadlineOf(instance: Partial<ServiceInstance>, over: Partial<Input> = {}): unknown {
  const services = [aService("api", instance)];
  const input = anInput({ services, names: ["api"], deadline: NOON + 300_000, ...over });
  return makeRestartPlan(input).steps[0]?.["deadlineMs"];
}

function twoOf(name: string): Service {
  const instances = [aService(name), aService(name, { id: 1 })].flatMap((one) => one.instances);
  return { name, instances };
}

describe("a plan of restarts", () => {
  it("restarts the named services in the order of starting, and touches no release", () => {
    const plan = makeRestartPlan(anInput());

    expect(Plan.parse(plan)).toEqual(plan);
    expect(plan).toMatchObject({ scope: "service", target: null, from: anIdentity() });
    expect(plan.steps.map(({ id, phase }) => [id, phase])).toEqual([
      ["restart-service:api", "act"],
      ["restart-service:importer", "act"],
    ]);
    expect(plan.steps.map((step) => KnownStep.parse(step))).toEqual(plan.steps);
  });

  it("leaves out what is stopped, and what pm2 does not know", () => {
    const stopped = aService("api", { status: "stopped", pid: 0 });
    const services = [stopped, { name: "importer", instances: [] }, aService("cleaner")];

    const plan = makeRestartPlan(anInput({ services, names: [...SERVICES] }));

    expect(plan.steps.map(({ id }) => id)).toEqual(["restart-service:cleaner"]);
  });

  it("takes along what pm2 gave up", () => {
    const services = [aService("api", { status: "errored", pid: 0 })];

    expect(makeRestartPlan(anInput({ services })).steps).toHaveLength(1);
  });

  it("waits for a service before it goes on to those that come after it", () => {
    const application = ApplicationSettings.parse({
      ...APPLICATION,
      services: [{ name: "api" }, { name: "importer", after: ["api"] }, { name: "cleaner" }],
    });
    const names = withDependents(application.services, ["api"]);
    function idsOf(over: Partial<Input>): readonly string[] {
      return makeRestartPlan(anInput({ application, names, ...over })).steps.map(({ id }) => id);
    }

    expect(idsOf({})).toEqual([
      "restart-service:api",
      "await-service:api",
      "restart-service:importer",
    ]);
    expect(idsOf({ names: ["api", "cleaner"] })).not.toContain("await-service:api");
    expect(idsOf({ services: [{ name: "api", instances: [] }, aService("importer")] })).toEqual([
      "restart-service:importer",
    ]);
  });

  it.each([
    // Stopping (quiesce) 5 s and a margin of 10 s, starting 30 s, booting 4 s.
    ["quiesce", deadlineOf({}), 49_000],
    ["pm2's longer kill timeout", deadlineOf({ killTimeoutMs: 8000 }), 52_000],
    [
      "waiting for readiness, twice",
      deadlineOf({ waitReady: true, listenTimeoutMs: 3000 }),
      55_000,
    ],
    ["each of two processes", deadlineOf({}, { services: [twoOf("api")] }), 84_000],
    ["the plan's own end", deadlineOf({}, { deadline: NOON + 40_000 }), 40_000],
    ["one start, when the plan's end is past", deadlineOf({}, { deadline: NOON - 1 }), 30_000],
  ])("gives a step the time of %s", (_what, deadlineMs, expected) => {
    expect(deadlineMs).toBe(expected);
  });
});

async function planOf(patient: Patient, names: readonly string[]): Promise<Plan> {
  const services = await patient.pm2.services(SERVICES, LIVE);
  const { application } = patient;
  return makeRestartPlan(anInput({ application, services, names, from: await patient.identity() }));
}

async function withStep(
  body: (scene: { readonly patient: Patient; readonly step: Step }) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    patient.pm2.add("api");
    const plan = await planOf(patient, ["api"]);
    await patient.clock.advance(60_000);
    const switchedAt = patient.clock.now();
    const descriptor = KnownStep.parse(plan.steps[0]);
    const step = createStep(descriptor, { ...patient.ports, planId: "plan-1", switchedAt });
    await body({ patient, step });
  });
}

describe("restart-service", () => {
  it("restarts each process once", async () => {
    await withStep(async ({ patient, step }) => {
      const before = await step.isDone(LIVE);

      await step.run(LIVE);

      expect([before, await step.isDone(LIVE)]).toEqual([false, true]);
      expect(patient.pm2.calls).toEqual(["restart 0", "restart 3"]);
    });
  });

  it("leaves a process alone that was restarted before rollwatch was killed", async () => {
    await withStep(async ({ patient, step }) => {
      await patient.pm2.restart({ service: "api", id: 0 }, LIVE);
      const before = await step.isDone(LIVE);

      await step.run(LIVE);

      expect(before).toBe(false);
      expect(patient.pm2.calls).toEqual(["restart 0", "restart 3"]);
    });
  });

  it.each(["launching", "errored", "waiting-restart"] as const)(
    "is not done while a process is %s",
    async (status) => {
      await withStep(async ({ patient, step }) => {
        await step.run(LIVE);
        patient.pm2.change("api", { status });

        expect(await step.isDone(LIVE)).toBe(false);
      });
    },
  );

  it("does not start what a person stopped meanwhile", async () => {
    await withStep(async ({ patient, step }) => {
      patient.pm2.change("api", { status: "stopped", pid: 0 });

      const before = await step.isDone(LIVE);
      await step.run(LIVE);

      expect(before).toBe(true);
      expect(patient.pm2.calls).toEqual([]);
    });
  });

  it("fails when pm2 has lost the service", async () => {
    await withStep(async ({ patient, step }) => {
      patient.pm2.remove("api");

      await expect(step.isDone(LIVE)).rejects.toMatchObject({ code: "service-unknown" });
      await expect(step.run(LIVE)).rejects.toMatchObject({ code: "service-unknown" });
    });
  });
});

describe("what comes after a service", () => {
  it("is found through others, in the order of starting", () => {
    const { services } = ApplicationSettings.parse({
      ...APPLICATION,
      services: [
        { name: "db" },
        { name: "api", after: ["db"] },
        { name: "mail" },
        { name: "web", after: ["api", "mail"] },
      ],
    });

    expect(withDependents(services, ["db"])).toEqual(["db", "api", "web"]);
    expect(withDependents(services, ["mail"])).toEqual(["mail", "web"]);
    expect(withDependents(services, ["web"])).toEqual(["web"]);
  });
});

async function awaiting(body: (patient: Patient) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => body(await aPatient(folder)));
}

function stepOn(patient: Patient, over: Partial<RecoveryPorts> = {}): Step {
  const descriptor = KnownStep.parse({
    id: "await-service:api",
    kind: "await-service",
    phase: "act",
    text: "wait until api is well",
    deadlineMs: 60_000,
    service: "api",
    steadyMs: 2000,
  });
  const ports = { ...patient.ports, ...over, planId: "plan-1", switchedAt: 0 };
  return createStep(descriptor, ports);
}

describe("await-service", () => {
  it("returns once the same processes have been well for two seconds", async () => {
    await awaiting(async (patient) => {
      const from = patient.clock.now();

      expect(await stepOn(patient).run(LIVE)).toContain("pid 1001");
      expect(patient.clock.now() - from).toBeGreaterThanOrEqual(2000);
    });
  });

  it("waits for the signals, which it asks about the time since the restart", async () => {
    await awaiting(async (patient) => {
      const asked: number[] = [];
      function whyUnwell(service: string, at: number): string | undefined {
        asked.push(at);
        return asked.length < 5 ? `${service} answers 500` : undefined;
      }

      await stepOn(patient, { whyUnwell }).run(LIVE);

      const [api] = await patient.pm2.services(["api"], LIVE);
      expect(new Set(asked)).toEqual(new Set([api?.instances[0]?.startedAt]));
      expect(asked.length).toBeGreaterThan(10);
    });
  });

  it("fails at its deadline, and says what is wrong", async () => {
    await awaiting(async (patient) => {
      const deadline = patient.clock.deadline(60_000, LIVE);
      const step = stepOn(patient, { whyUnwell: () => "health answers 500" });

      await expect(step.run(deadline)).rejects.toThrow("api: health answers 500");
    });
  });

  it.each(["launching", "errored", "waiting-restart", "stopped"] as const)(
    "is not content with a service that is %s",
    async (status) => {
      await awaiting(async (patient) => {
        patient.pm2.change("api", { status });
        const deadline = patient.clock.deadline(10_000, LIVE);

        await expect(stepOn(patient).run(deadline)).rejects.toThrow("api is");
      });
    },
  );
});

interface Killing {
  readonly nth: number;
  readonly when: "before" | "after";
}

async function gate(): Promise<"go"> {
  return "go";
}

/** A recovery of two restarts that is killed at its nth record or effect, and resumed. */
async function killAndResume(
  patient: Patient,
  fate: { readonly journal?: Killing; readonly effects?: Killing },
): Promise<RecoveryEnd> {
  const plan = await planOf(patient, ["api", "importer"]);
  const entries: Entry[] = [];
  memoryJournal(patient.clock, entries).record({ kind: "planned", plan });
  async function run(
    ports: RecoveryPorts,
    journal: ReturnType<typeof memoryJournal>,
  ): Promise<RecoveryEnd> {
    return runRecovery({ plan, journal, ports, gate, until: "settle" }, LIVE);
  }
  const effects = aLife(fate.effects);
  const records = aLife(fate.journal);
  // Whoever died in an effect records nothing any more.
  const both: Life = {
    ...records,
    live: (effect) => {
      effects.requireAlive();
      return records.live(effect);
    },
  };
  await expect(
    run(mortalPorts(patient.ports, effects), memoryJournal(patient.clock, entries, both)),
  ).rejects.toThrow(Death);
  return run(patient.ports, memoryJournal(patient.clock, entries));
}

describe("a recovery of restarts that is killed and resumed", () => {
  const records = [1, 2, 3, 4, 5].map((nth) => ({ journal: { nth } }));

  it.each(
    (["before", "after"] as const).flatMap((when) => [
      ...records.map(({ journal: { nth } }) => ({ where: "record", nth, when })),
      ...[1, 2].map((nth) => ({ where: "restart", nth, when })),
    ]),
  )("restarts each service once, killed $when $where $nth", async ({ where, nth, when }) => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.clock.advance(60_000);
      const fate = { nth, when };

      const end = await killAndResume(
        patient,
        where === "record" ? { journal: fate } : { effects: fate },
      );

      expect(end).toEqual({ kind: "phase-done", warnings: [] });
      expect(patient.pm2.calls).toEqual(["restart 0", "restart 1"]);
    });
  });
});
