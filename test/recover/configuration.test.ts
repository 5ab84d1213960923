import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/model/facts.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Release } from "../../src/model/release.ts";
import {
  type ConfigurationInput,
  makeConfigurationPlan,
} from "../../src/recover/plan-configuration.ts";
import type { RecoveryEnd } from "../../src/recover/run.ts";
import { measureCurrent } from "../../src/release/measure.ts";
import {
  aLife,
  Death,
  type Fate,
  type Life,
  memoryJournal,
  mortalPorts,
  recoverAll,
} from "../support/mortal.ts";
import { aPatient, LIVE, type Patient, SERVICES } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

const LIMITS = "server/config/monitoring.config.js";

/** A person changes all configuration of the good release by hand, and lets `api` have it. */
async function changeAll(patient: Patient): Promise<void> {
  await patient.clock.advance(60_000);
  await patient.write(".env", "PORT=2");
  await patient.write(LIMITS, "limits: bad");
  patient.pm2.remove("api");
  patient.pm2.add("api", {
    options: { pm_cwd: patient.root, exec_interpreter: "node", autorestart: true, args: ["--new"] },
    env: { PATH: "/usr/bin", NAME: "other", NEW_FLAG: "1" },
  });
  await patient.clock.advance(60_000);
}

async function planOf(
  patient: Patient,
  target: Release,
  over: Partial<ConfigurationInput> = {},
): Promise<Plan> {
  return makeConfigurationPlan({
    id: "plan-1",
    incident: "inc-1",
    requestedBy: "policy",
    now: patient.clock.now(),
    deadline: patient.clock.now() + 300_000,
    configHash: "4444",
    application: patient.application,
    target,
    from: await patient.identity(),
    current: await measureCurrent(patient.ports.files, patient.root, target, LIVE),
    services: await patient.pm2.services(SERVICES, LIVE),
    kept: [],
    hasDump: false,
    kinds: ["environment", "monitoring"],
    environments: [{ service: "api", gone: ["NEW_FLAG"] }],
    isWhole: true,
    ...over,
  });
}

function begun(patient: Patient, plan: Plan, entries: Entry[] = []): Entry[] {
  memoryJournal(patient.clock, entries).record({ kind: "planned", plan });
  return entries;
}

async function recovered(patient: Patient, plan: Plan): Promise<RecoveryEnd> {
  const entries = begun(patient, plan);
  const journal = memoryJournal(patient.clock, entries);
  return recoverAll({ plan, journal, ports: patient.ports }, LIVE);
}

async function environmentOf(patient: Patient, name: string): Promise<unknown> {
  const [definition] = await patient.pm2.definitions([name], LIVE);
  return definition?.env;
}

async function withChanged(
  body: (patient: Patient, good: Release) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const good = await patient.capture("rel-good");
    await changeAll(patient);
    await body(patient, good);
  });
}

describe("configuration that goes back", () => {
  it("is files and environment, while code stays as it is", async () => {
    await withChanged(async (patient, good) => {
      await patient.write("server/main.js", "newer code");

      const end = await recovered(patient, await planOf(patient, good));

      expect(end).toEqual({ kind: "phase-done", warnings: [] });
      expect(await patient.read(".env")).toBe("PORT=1");
      expect(await patient.read(LIMITS)).toBe("limits: good");
      expect(await patient.read("server/main.js")).toBe("newer code");
      expect(await environmentOf(patient, "api")).toEqual({ PATH: "/usr/bin", NAME: "api" });
      expect(await patient.read(".rollwatch/plan-1/definitions.json")).toBeUndefined();
      expect(await patient.read(`.rollwatch/plan-1/previous/${LIMITS}`)).toBe("limits: bad");
    });
  });

  it("leaves the present definition to newer code, with the captured variables alone", async () => {
    await withChanged(async (patient, good) => {
      await recovered(patient, await planOf(patient, good, { isWhole: false }));

      const [definition] = await patient.pm2.definitions(["api"], LIVE);
      expect(definition?.env).toEqual({ PATH: "/usr/bin", NAME: "api" });
      expect(definition?.options["args"]).toEqual(["--new"]);
    });
  });

  it("restarts nobody whom it does not concern", async () => {
    await withChanged(async (patient, good) => {
      const over = { kinds: ["environment"], current: good.configFiles };

      await recovered(patient, await planOf(patient, good, over));

      expect(patient.pm2.calls).toEqual(["replace api"]);
    });
  });

  it.each([
    ["a variable that should be gone", { NEW_FLAG: "1" }, "still with NEW_FLAG"],
    ["another value", { NAME: "other" }, "without the restored NAME"],
  ])("is not proven while a process runs with %s", async (_what, found, problem) => {
    await withChanged(async (patient, good) => {
      const plan = await planOf(patient, good);
      const environment = { PATH: "/usr/bin", NAME: "api", ...found };
      const processes = { ...patient.ports.processes, environment: async () => environment };
      const journal = memoryJournal(patient.clock, begun(patient, plan));

      const end = await recoverAll({ plan, journal, ports: { ...patient.ports, processes } }, LIVE);

      expect(end).toMatchObject({
        kind: "needs-human",
        reason: expect.stringContaining(problem),
      });
    });
  });

  it("takes pm2's word for a process whose environment is not shown, and says so", async () => {
    await withChanged(async (patient, good) => {
      const plan = await planOf(patient, good);
      const entries = begun(patient, plan);
      const processes = { ...patient.ports.processes, environment: async () => undefined };
      const journal = memoryJournal(patient.clock, entries);

      await recoverAll({ plan, journal, ports: { ...patient.ports, processes } }, LIVE);

      expect(JSON.stringify(entries)).toContain("whose environment is not shown");
    });
  });
});

interface Killed {
  readonly records: Life;
  readonly effects: Life;
}

async function killAndResume(
  patient: Patient,
  good: Release,
  { records, effects }: Killed,
): Promise<RecoveryEnd> {
  const plan = await planOf(patient, good);
  const entries = begun(patient, plan);
  const both: Life = {
    ...records,
    live: (effect) => {
      effects.requireAlive();
      return records.live(effect);
    },
  };
  try {
    const journal = memoryJournal(patient.clock, entries, both);
    await recoverAll({ plan, journal, ports: mortalPorts(patient.ports, effects) }, LIVE);
  } catch (error) {
    if (!(error instanceof Death)) {
      throw error;
    }
  }
  const journal = memoryJournal(patient.clock, entries);
  return recoverAll({ plan, journal, ports: patient.ports }, LIVE);
}

async function expectRestored(patient: Patient, end: RecoveryEnd): Promise<void> {
  const services = await patient.pm2.services(SERVICES, LIVE);
  expect(end).toEqual({ kind: "phase-done", warnings: [] });
  expect(await patient.read(".env")).toBe("PORT=1");
  expect(await patient.read(LIMITS)).toBe("limits: good");
  expect(await environmentOf(patient, "api")).toEqual({ PATH: "/usr/bin", NAME: "api" });
  expect(services.flatMap((one) => one.instances.map(({ status }) => status))).toEqual([
    "online",
    "online",
    "online",
  ]);
  expect(patient.pm2.calls).toEqual(["stop 2", "replace api", "restart 1", "restart 2"]);
}

/** Before and after each of the first `last` effects. */
function fates(last: number): readonly Fate[] {
  return Array.from({ length: last }, (_, index) => index + 1).flatMap((nth) => [
    { nth, when: "before" as const },
    { nth, when: "after" as const },
  ]);
}

describe("a recovery of configuration that is killed and resumed", () => {
  it("ends as if nothing had happened, whatever instant it was", async () => {
    const whole: Killed = { records: aLife(), effects: aLife() };
    await withChanged(async (patient, good) => {
      await expectRestored(patient, await killAndResume(patient, good, whole));
    });
    await Promise.all(
      [
        ...fates(whole.records.happened).map((fate) => ({
          records: aLife(fate),
          effects: aLife(),
        })),
        ...fates(whole.effects.happened).map((fate) => ({
          records: aLife(),
          effects: aLife(fate),
        })),
      ].map(async (lives) =>
        withChanged(async (patient, good) => {
          await expectRestored(patient, await killAndResume(patient, good, lives));
        }),
      ),
    );

    expect(Math.min(whole.records.happened, whole.effects.happened)).toBeGreaterThan(20);
  }, 120_000);
});
