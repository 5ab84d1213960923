import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import type { Release } from "../../src/model/release.ts";
import type { PlanInput } from "../../src/recover/plan-input.ts";
import type { StepPorts } from "../../src/recover/ports.ts";
import type { Step } from "../../src/recover/step.ts";
import { createStep, KnownStep } from "../../src/recover/steps/index.ts";
import { BAD_COMMIT, GOOD_COMMIT } from "../support/builders.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

interface Scene {
  readonly patient: Patient;
  readonly good: Release;
  readonly plan: Plan;
  /** A step of the plan by its id. */
  readonly step: (id: string, over?: Partial<StepPorts>) => Step;
  readonly at: (...parts: readonly string[]) => string;
  readonly isThere: (...parts: readonly string[]) => Promise<boolean>;
}

/** The bad release is deployed and a plan back to the good one is made, in a folder of its own. */
async function withScene(
  body: (scene: Scene) => Promise<void>,
  over: Partial<PlanInput> = {},
): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const good = await patient.capture("rel-good");
    await patient.deployBad();
    const plan = await patient.plan(good, { hasDump: true, ...over });
    const switchedAt = patient.clock.now() + 500;
    await patient.clock.advance(1000);
    function at(...parts: readonly string[]): string {
      return join(patient.root, ...parts);
    }
    await body({
      patient,
      good,
      plan,
      at,
      isThere: async (...parts) => (await patient.ports.files.kind(at(...parts))) !== "absent",
      step: (id, ports = {}) => {
        const found = KnownStep.parse(plan.steps.find((one) => one.id === id));
        return createStep(found, { ...patient.ports, planId: plan.id, switchedAt, ...ports });
      },
    });
  });
}

const NEXT = ".rollwatch/plan-1/next";
const PREVIOUS = ".rollwatch/plan-1/previous";

function knowingNothing({ pm2 }: Patient): StepPorts["pm2"] {
  return { ...pm2, services: async (names) => names.map((name) => ({ name, instances: [] })) };
}

async function runOnce(step: Step): Promise<void> {
  expect(await step.isDone(LIVE)).toBe(false);
  await step.run(LIVE);
}

describe("stage", () => {
  it("copies the captured tree beside the application, hidden from git", async () => {
    await withScene(async ({ step, patient, good }) => {
      await runOnce(step("stage:server"));

      expect(await step("stage:server").isDone(LIVE)).toBe(true);
      const copy = await patient.ports.files.measure(join(patient.root, NEXT), "server", LIVE);
      expect(copy.digest).toBe(good.artifacts[0]?.digest);
      expect(await patient.read(".rollwatch/.gitignore")).toBe("*\n");
      expect(await patient.read("server/main.js")).toBe("bad");
    });
  });

  it("replaces what a killed attempt left, and a copy that was changed since", async () => {
    await withScene(async ({ step, patient }) => {
      await patient.write(".rollwatch/plan-1/partial/server/half", "");
      await patient.write(`${NEXT}/server/main.js`, "tampered");

      await runOnce(step("stage:server"));

      expect(await patient.read(`${NEXT}/server/main.js`)).toBe("good");
      expect(await patient.read(`${NEXT}/server/half`)).toBeUndefined();
    });
  });

  it("refuses a damaged capture", async () => {
    await withScene(async ({ step, patient, isThere }) => {
      const tree = patient.ports.catalogue.treeOf("rel-good");
      await writeFile(join(tree, "server/main.js"), "rotten");

      await expect(step("stage:server").run(LIVE)).rejects.toMatchObject({
        code: "release-damaged",
      });
      expect(await isThere(NEXT, "server")).toBe(false);
    });
  });

  it("takes a kept configuration file over as it is now", async () => {
    const kept = [{ path: "server/config/monitoring.config.js", reason: "changed by hand" }];
    await withScene(
      async ({ step, patient }) => {
        await patient.write("server/config/monitoring.config.js", "limits: by hand");

        await runOnce(step("stage:server"));

        expect(await step("stage:server").isDone(LIVE)).toBe(true);
        expect(await patient.read(`${NEXT}/server/config/monitoring.config.js`)).toBe(
          "limits: by hand",
        );
        expect(await patient.read(`${NEXT}/server/main.js`)).toBe("good");
      },
      { kept },
    );
  });

  it("takes it over also when it was deleted", async () => {
    const kept = [{ path: "server/config/monitoring.config.js", reason: "deleted by hand" }];
    await withScene(
      async ({ step, patient, at, isThere }) => {
        await patient.ports.files.remove(at("server/config/monitoring.config.js"));

        await step("stage:server").run(LIVE);

        expect(await isThere(NEXT, "server/config/monitoring.config.js")).toBe(false);
      },
      { kept },
    );
  });

  it("refuses a staging folder that is a link", async () => {
    await withScene(async ({ step, at }) => {
      await symlink(at(".."), at(".rollwatch"));

      await expect(step("stage:server").run(LIVE)).rejects.toMatchObject({ code: "path-refused" });
    });
  });
});

describe("switch", () => {
  it("puts the staged tree in place and keeps the replaced one", async () => {
    await withScene(async ({ step, patient, isThere }) => {
      await step("stage:server").run(LIVE);

      await runOnce(step("switch:server"));

      expect(await step("switch:server").isDone(LIVE)).toBe(true);
      expect(await patient.read("server/main.js")).toBe("good");
      expect(await patient.read(`${PREVIOUS}/server/main.js`)).toBe("bad");
      expect(await isThere(NEXT, "server")).toBe(false);
    });
  });

  it("is completed forward after a kill between the renames", async () => {
    await withScene(async ({ step, patient, at }) => {
      await step("stage:server").run(LIVE);
      await patient.write(`${PREVIOUS}/.keep`, "");
      await patient.ports.files.rename(at("server"), at(PREVIOUS, "server"));

      await runOnce(step("switch:server"));

      expect(await patient.read("server/main.js")).toBe("good");
      expect(await patient.read(`${PREVIOUS}/server/main.js`)).toBe("bad");
    });
  });

  it("moves aside what somebody made between the renames, and deletes nothing", async () => {
    await withScene(async ({ step, patient, at }) => {
      await step("stage:server").run(LIVE);
      await patient.write(`${PREVIOUS}/.keep`, "");
      await patient.ports.files.rename(at("server"), at(PREVIOUS, "server"));
      await patient.write("server/log.txt", "written meanwhile");

      await runOnce(step("switch:server"));

      expect(await patient.read("server/main.js")).toBe("good");
      expect(await patient.read(".rollwatch/plan-1/displaced/server/log.txt")).toBe(
        "written meanwhile",
      );
    });
  });

  it("puts back what is absent now", async () => {
    await withScene(async ({ step, patient, at }) => {
      await patient.ports.files.remove(at("server"));
      await step("stage:server").run(LIVE);

      await runOnce(step("switch:server"));

      expect(await step("switch:server").isDone(LIVE)).toBe(true);
      expect(await patient.read("server/main.js")).toBe("good");
    });
  });

  it("takes away what the target does not have", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.ports.files.remove(join(patient.root, "web"));
      const good = await patient.capture("rel-good");
      await patient.write("web/index.html", "new");
      const plan = await patient.plan(good);
      const descriptor = KnownStep.parse(plan.steps.find(({ id }) => id === "switch:web"));
      const step = createStep(descriptor, { ...patient.ports, planId: "plan-1", switchedAt: 0 });

      await runOnce(step);

      expect(await step.isDone(LIVE)).toBe(true);
      expect(await patient.read("web/index.html")).toBeUndefined();
      expect(await patient.read(`${PREVIOUS}/web/index.html`)).toBe("new");
    });
  });

  it("leaves the current tree where it is when the staged one is gone", async () => {
    await withScene(async ({ step, patient }) => {
      await expect(step("switch:server").run(LIVE)).rejects.toThrow("the staged server is gone");
      expect(await patient.read("server/main.js")).toBe("bad");
    });
  });

  it("refuses a path that became a link", async () => {
    await withScene(async ({ step, patient, at }) => {
      await step("stage:server").run(LIVE);
      await patient.ports.files.remove(at(".rollwatch/plan-1/previous"));
      await symlink(at(".."), at(".rollwatch/plan-1/previous"));

      await expect(step("switch:server").run(LIVE)).rejects.toMatchObject({ code: "path-refused" });
      expect(await patient.read("server/main.js")).toBe("bad");
    });
  });
});

describe("stop-service", () => {
  it("stops every process, also one that only waits for its next crash", async () => {
    await withScene(async ({ step, patient }) => {
      patient.pm2.add("api");

      await runOnce(step("stop-service:api"));

      expect(await step("stop-service:api").isDone(LIVE)).toBe(true);
      expect(patient.pm2.calls).toEqual(["stop 0", "stop 3"]);
    });
  });

  it("has nothing to do where pm2 gave up", async () => {
    await withScene(async ({ step, patient }) => {
      patient.pm2.change("api", { status: "errored", pid: 0 });

      expect(await step("stop-service:api").isDone(LIVE)).toBe(true);
    });
  });

  it("fails when one process will not stop, after trying all", async () => {
    await withScene(async ({ step, patient }) => {
      patient.pm2.add("api");
      patient.pm2.failNext("stop", new Error("still there"));

      await expect(step("stop-service:api").run(LIVE)).rejects.toThrow("still there");
      expect(patient.pm2.calls).toEqual(["stop 0", "stop 3"]);
    });
  });
});

describe("point-git", () => {
  it("names the target and leaves the work tree alone", async () => {
    await withScene(async ({ step, patient }) => {
      await runOnce(step("point-git"));

      expect(await step("point-git").isDone(LIVE)).toBe(true);
      expect(patient.git.calls.at(-1)).toBe(`pointHead ${GOOD_COMMIT}`);
    });
  });

  it("waits for nobody who works in the repository", async () => {
    await withScene(async ({ step, patient }) => {
      patient.git.setBusy("index.lock exists");

      await expect(step("point-git").run(LIVE)).rejects.toThrow("index.lock exists");
      expect(await patient.git.head("", LIVE)).toBe(BAD_COMMIT);
    });
  });
});

describe("start-service", () => {
  it("restarts an unchanged definition once", async () => {
    await withScene(async ({ step, patient }) => {
      await step("stop-service:api").run(LIVE);

      await runOnce(step("start-service:api"));

      expect(await step("start-service:api").isDone(LIVE)).toBe(true);
      expect(patient.pm2.calls).toEqual(["stop 0", "restart 0"]);
    });
  });

  it("does not take a process that pm2 started by itself before the switch for its own", async () => {
    await withScene(async ({ step, patient }) => {
      patient.pm2.change("api", {
        status: "online",
        pid: 77,
        startedAt: patient.clock.now() - 600,
      });

      expect(await step("start-service:api").isDone(LIVE)).toBe(false);
    });
  });

  it("does not take a process in the replaced folder for the restored one", async () => {
    await withScene(async ({ step, patient, at }) => {
      await step("start-service:api").run(LIVE);
      const processes = {
        ...patient.ports.processes,
        look: async () => ({ cwd: at(PREVIOUS, "server") }),
      };

      expect(await step("start-service:api", { processes }).isDone(LIVE)).toBe(false);
    });
  });

  it("brings back the captured definition where it changed", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      const good = await patient.capture("rel-good");
      const [original] = await patient.pm2.definitions(["api"], LIVE);
      await patient.pm2.replace("api", [{ name: "api", hash: "new", options: {}, env: {} }], LIVE);
      const plan = await patient.plan(good);
      const descriptor = KnownStep.parse(plan.steps.find(({ id }) => id === "start-service:api"));
      const step = createStep(descriptor, { ...patient.ports, planId: "plan-1", switchedAt: 0 });

      await runOnce(step);

      expect(await step.isDone(LIVE)).toBe(true);
      expect(await patient.pm2.definitions(["api"], LIVE)).toEqual([original]);
    });
  });

  it("is not done while one of the captured processes is missing", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      patient.pm2.add("api", { options: {}, env: {} });
      const good = await patient.capture("rel-good");
      const [first, second] = await patient.pm2.definitions(["api"], LIVE);
      await patient.pm2.replace("api", [{ name: "api", hash: "new", options: {}, env: {} }], LIVE);
      const plan = await patient.plan(good);
      const descriptor = KnownStep.parse(plan.steps.find(({ id }) => id === "start-service:api"));
      const step = createStep(descriptor, { ...patient.ports, planId: "plan-1", switchedAt: 0 });
      // What a replacement leaves that is killed between the two.
      await patient.pm2.replace("api", first === undefined ? [] : [first], LIVE);

      const wasDone = await step.isDone(LIVE);
      await runOnce(step);

      expect(wasDone).toBe(false);
      expect(await step.isDone(LIVE)).toBe(true);
      expect(await patient.pm2.definitions(["api"], LIVE)).toEqual([first, second]);
    });
  });

  it("brings it back too where pm2 lost the service meanwhile", async () => {
    await withScene(async ({ step, patient }) => {
      await runOnce(step("start-service:api", { pm2: knowingNothing(patient) }));

      expect(patient.pm2.calls).toEqual(["replace api"]);
      expect(await step("start-service:api").isDone(LIVE)).toBe(true);
    });
  });
});

async function startAll({ step, patient }: Scene): Promise<void> {
  await patient.write("server/release", "good-1");
  await step("start-service:api").run(LIVE);
  await step("start-service:importer").run(LIVE);
}

describe("prove-identity", () => {
  it("watches the same processes for two seconds", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      const before = scene.patient.clock.now();

      const seen = await scene.step("prove-identity").run(LIVE);

      expect(seen).toMatch(/^api pid \d+ .*, importer pid \d+ .*, serving good-1$/u);
      expect(scene.patient.clock.now() - before).toBeGreaterThanOrEqual(2000);
    });
  });

  it.each([
    {
      name: "a service that is not up",
      harm: async ({ patient }: Scene): Promise<void> => {
        patient.pm2.change("importer", { status: "errored", pid: 0 });
      },
      reason: "importer is errored",
    },
    {
      name: "a process from before the switch",
      harm: async ({ patient }: Scene): Promise<void> => {
        patient.pm2.change("api", { startedAt: patient.clock.now() - 60_000 });
      },
      reason: "from before the switch",
    },
    {
      name: "another release id",
      harm: async ({ patient }: Scene): Promise<void> => patient.write("server/release", "bad-1"),
      reason: "it serves bad-1 instead of good-1",
    },
  ])("does not accept $name", async ({ harm, reason }) => {
    await withScene(async (scene) => {
      await startAll(scene);
      await harm(scene);
      const deadline = scene.patient.ports.clock.deadline(10_000, LIVE);

      await expect(scene.step("prove-identity").run(deadline)).rejects.toThrow(reason);
    });
  });

  it("does not accept a service that pm2 lost", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      const pm2 = knowingNothing(scene.patient);
      const deadline = scene.patient.ports.clock.deadline(5000, LIVE);

      const proving = scene.step("prove-identity", { pm2 }).run(deadline);

      await expect(proving).rejects.toThrow("pm2 does not know api");
    });
  });

  it("does not accept a process that runs elsewhere or is gone", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      const { processes, clock } = scene.patient.ports;
      const elsewhere = { processes: { ...processes, look: async () => ({ cwd: "/srv/other" }) } };
      const gone = { processes: { ...processes, look: async () => undefined } };

      for (const ports of [elsewhere, gone]) {
        const proving = scene.step("prove-identity", ports).run(clock.deadline(5000, LIVE));

        await expect(proving).rejects.toThrow(/runs in \/srv\/other|has no process/u);
      }
    });
  });

  it("takes the kernel's word for a folder behind a link", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      const { patient } = scene;
      await patient.ports.files.rename(patient.root, `${patient.root}-real`);
      await symlink(`${patient.root}-real`, patient.root);
      const processes = {
        ...patient.ports.processes,
        look: async () => ({ cwd: `${patient.root}-real` }),
      };

      await expect(scene.step("prove-identity", { processes }).run(LIVE)).resolves.toContain(
        "good-1",
      );
    });
  });

  it("accepts a service that leaves pm2's folder at boot, as it did at the capture", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      const { patient, good, step } = scene;
      const services = good.services.map((one) => ({ ...one, workedIn: ["/var/spool"] }));
      const catalogue = {
        ...patient.ports.catalogue,
        get: async () => ({ ...good, services }),
      };
      const processes = { ...patient.ports.processes, look: async () => ({ cwd: "/var/spool" }) };

      const proving = step("prove-identity", { catalogue, processes }).run(LIVE);

      await expect(proving).resolves.toContain("good-1");
    });
  });

  it("accepts a service that ends by itself, once it was started after the switch", async () => {
    await withScene(async (scene) => {
      const { patient, step } = scene;
      await startAll(scene);
      const ended = { status: "stopped", pid: 0, autorestart: false } as const;
      patient.pm2.change("importer", ended);

      const seen = await step("prove-identity").run(LIVE);
      const isDone = await step("start-service:importer").isDone(LIVE);
      patient.pm2.change("importer", { startedAt: 0 });
      const before = step("prove-identity").run(patient.ports.clock.deadline(5000, LIVE));

      expect(seen).toContain("importer ended by itself");
      expect(isDone).toBe(true);
      await expect(before).rejects.toThrow("importer was not started since the switch");
    });
  });

  it("does not accept a stopped service that pm2 would restart", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      scene.patient.pm2.change("importer", { status: "stopped", pid: 0 });
      const deadline = scene.patient.ports.clock.deadline(5000, LIVE);

      const proving = scene.step("prove-identity").run(deadline);

      await expect(proving).rejects.toThrow("importer is stopped");
    });
  });

  it("does not accept a service that keeps being restarted", async () => {
    await withScene(async (scene) => {
      await startAll(scene);
      const { clock } = scene.patient.ports;
      const crashing = {
        ...clock,
        sleep: async (ms: number, signal: AbortSignal): Promise<void> => {
          await clock.sleep(ms, signal);
          await scene.patient.pm2.restart({ service: "api", id: 0 }, LIVE);
        },
      };

      const proving = scene
        .step("prove-identity", { clock: crashing })
        .run(clock.deadline(10_000, LIVE));

      await expect(proving).rejects.toThrow("processes were restarted while being watched");
    });
  });
});

describe("save-pm2", () => {
  it("saves pm2's list", async () => {
    await withScene(async ({ step, patient }) => {
      await runOnce(step("save-pm2"));

      expect(patient.pm2.calls).toEqual(["save"]);
    });
  });
});

describe("clean-up", () => {
  it("removes the staging and older plans, and keeps this plan's evidence", async () => {
    await withScene(async ({ step, patient, isThere }) => {
      await step("stage:server").run(LIVE);
      await step("switch:server").run(LIVE);
      await patient.write(".rollwatch/plan-0/previous/server/old.js", "older evidence");

      await runOnce(step("clean-up"));

      expect(await step("clean-up").isDone(LIVE)).toBe(true);
      expect(await patient.ports.files.list(join(patient.root, ".rollwatch"))).toEqual([
        ".gitignore",
        "plan-1",
      ]);
      expect(await isThere(NEXT)).toBe(false);
      expect(await patient.read(`${PREVIOUS}/server/main.js`)).toBe("bad");
    });
  });
});
