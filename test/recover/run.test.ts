import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/model/facts.ts";
import { Failure } from "../../src/model/failure.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { RecoveryPorts } from "../../src/recover/ports.ts";
import { runRecovery, type RecoveryEnd, type RecoveryRun } from "../../src/recover/run.ts";
import { memoryJournal } from "../support/mortal.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

interface Scene {
  readonly patient: Patient;
  readonly plan: Plan;
  readonly entries: Entry[];
  readonly recover: (over?: Partial<RecoveryRun>, signal?: AbortSignal) => Promise<RecoveryEnd>;
  readonly kinds: () => readonly string[];
}

async function aScene(folder: string): Promise<Scene> {
  const patient = await aPatient(folder);
  const good = await patient.capture("rel-good");
  await patient.deployBad();
  const plan = await patient.plan(good);
  const entries: Entry[] = [];
  const journal = memoryJournal(patient.clock, entries);
  journal.record({ kind: "planned", plan });
  const { ports } = patient;
  return {
    patient,
    plan,
    entries,
    kinds: () => entries.map(({ fact }) => fact.kind),
    recover: async (over = {}, signal = LIVE) =>
      runRecovery({ plan, journal, ports, gate: go, until: "act", ...over }, signal),
  };
}

async function go(): Promise<"go"> {
  return "go";
}

function withPm2(patient: Patient, over: Partial<RecoveryPorts["pm2"]>): RecoveryPorts {
  return { ...patient.ports, pm2: { ...patient.ports.pm2, ...over } };
}

describe("running a recovery", () => {
  it("announces each step before it and records it after", async () => {
    await withTempFolder(async (folder) => {
      const { recover, entries } = await aScene(folder);

      const end = await recover({ until: "prepare" });

      expect(end).toEqual({ kind: "phase-done", warnings: [] });
      expect(
        entries.map(({ fact }) => ("step" in fact ? `${fact.kind} ${fact.step}` : fact.kind)),
      ).toEqual([
        "planned",
        "recovery-started",
        "step-started stage:server",
        "step-finished stage:server",
        "step-started stage:package-lock.json",
        "step-finished stage:package-lock.json",
        "step-started stage:.env",
        "step-finished stage:.env",
      ]);
    });
  });

  it("touches nothing that the application sees before the gate, and leaves nothing when it is shut", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      const before = await patient.ports.files.measure(patient.root, "server", LIVE);

      const end = await recover({ gate: async () => ({ cancel: "it recovered by itself" }) });

      expect(end).toEqual({ kind: "cancelled", reason: "it recovered by itself" });
      expect(await patient.ports.files.measure(patient.root, "server", LIVE)).toEqual(before);
      expect(patient.pm2.calls).toEqual([]);
      expect(await patient.ports.files.list(`${patient.root}/.rollwatch`)).toEqual([".gitignore"]);
    });
  });

  it("prepares again when a cancelled recovery is taken up, and is asked again", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      await recover({ gate: async () => ({ cancel: "killed before this was recorded" }) });

      const end = await recover();

      expect(end.kind).toBe("phase-done");
      expect(await patient.read("server/main.js")).toBe("good");
    });
  });

  it("cancels when it cannot prepare", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      await patient.ports.files.remove(patient.ports.catalogue.treeOf("rel-good"));

      const end = await recover();

      expect(end).toMatchObject({
        kind: "cancelled",
        reason: expect.stringContaining("stage:server"),
      });
      expect(patient.pm2.calls).toEqual([]);
    });
  });

  it("tries what acts twice", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      patient.pm2.failNext("stop", new Error("pm2 hiccup"));

      const end = await recover();

      expect(end).toEqual({ kind: "phase-done", warnings: [] });
    });
  });

  it("gives up what is kept in reserve before the second try, where the disk is full", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      const done: string[] = [];
      const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      const ports = withPm2(patient, {
        stop: async () => {
          done.push("stop");
          if (!done.includes("room")) {
            throw full;
          }
        },
      });
      function makeRoom(): boolean {
        done.push("room");
        return true;
      }

      await recover({ ports, makeRoom });

      expect(done.slice(0, 3)).toEqual(["stop", "room", "stop"]);
    });
  });

  it("hands over to a person where a step fails twice", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      const ports = withPm2(patient, {
        stop: async () => {
          throw new Error("pm2 is stuck");
        },
      });

      const end = await recover({ ports });

      expect(end).toEqual({
        kind: "needs-human",
        reason: "stop-service:cleaner: pm2 is stuck (tried twice)",
      });
      expect((await recover()).kind).toBe("needs-human");
    });
  });

  it("goes on with nothing once somebody else is at work, and asks before each step but the first", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      let asked = 0;
      async function whoElse(): Promise<string | undefined> {
        asked += 1;
        return asked < 3 ? undefined : "somebody deploys";
      }

      const end = await recover({ whoElse });

      expect(end).toEqual({
        kind: "needs-human",
        reason: expect.stringMatching(/^before .+: somebody deploys$/u),
      });
      // The one behind the gate and two that were asked about.
      expect(patient.pm2.calls).toHaveLength(3);
    });
  });

  it("tries nothing a second time beside a child that cannot be ended", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      const hint = "look at the machine";
      let tries = 0;
      const ports = withPm2(patient, {
        stop: async () => {
          tries += 1;
          throw new Failure("child-stuck", "process group 71 survived SIGKILL", { hint });
        },
      });

      const end = await recover({ ports });

      expect(tries).toBe(1);
      expect(end).toEqual({
        kind: "needs-human",
        reason: "stop-service:cleaner: process group 71 survived SIGKILL",
      });
    });
  });

  it("restores the application although git is in use, and says so", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      patient.git.setBusy("index.lock exists");

      const end = await recover();

      expect(end).toEqual({
        kind: "phase-done",
        warnings: [
          expect.stringContaining("point-git: the repository is in use: index.lock exists"),
        ],
      });
    });
  });

  it("records nothing false when it is aborted in a step, and goes on later", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient, kinds } = await aScene(folder);
      const shutdown = new AbortController();
      const ports = withPm2(patient, {
        stop: async (_id, signal) => {
          shutdown.abort(new Error("daemon stops"));
          signal.throwIfAborted();
        },
      });

      const end = await recover({ ports }, shutdown.signal);

      expect(end).toEqual({ kind: "interrupted" });
      expect(kinds().at(-1)).toBe("step-started");
      expect((await recover()).kind).toBe("phase-done");
      expect(patient.pm2.calls.filter((call) => call.startsWith("stop"))).toHaveLength(3);
    });
  });

  it("is interrupted, not broken, when the gate is aborted", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient } = await aScene(folder);
      const shutdown = new AbortController();

      const end = await recover(
        {
          gate: async () => {
            shutdown.abort(new Error("daemon stops"));
            throw new Error("daemon stops");
          },
        },
        shutdown.signal,
      );

      expect(end).toEqual({ kind: "interrupted" });
      expect(patient.pm2.calls).toEqual([]);
    });
  });

  it("passes on what else the gate throws", async () => {
    await withTempFolder(async (folder) => {
      const { recover } = await aScene(folder);

      const recovering = recover({
        gate: async () => {
          throw new Error("cannot judge");
        },
      });

      await expect(recovering).rejects.toThrow("cannot judge");
    });
  });

  it("refuses to repeat a step for ever when the journal forgets what came of it", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient, plan } = await aScene(folder);
      const honest = memoryJournal(patient.clock);
      honest.record({ kind: "planned", plan });
      const journal: RecoveryRun["journal"] = {
        history: () => honest.history(),
        record: (fact) =>
          fact.kind === "step-finished" ? { seq: 0, at: 0, fact } : honest.record(fact),
      };

      await expect(recover({ journal })).rejects.toThrow("the journal forgot");
    });
  });

  it("fails a step that outlives its deadline", async () => {
    await withTempFolder(async (folder) => {
      const { recover, patient, plan } = await aScene(folder);
      const ports = withPm2(patient, {
        stop: async (_id, signal) => patient.ports.clock.sleep(plan.deadline, signal),
      });

      const end = await recover({ ports });

      expect(end).toMatchObject({
        kind: "needs-human",
        reason: expect.stringContaining("timed out"),
      });
    });
  });

  it("begins no fourth attempt", async () => {
    await withTempFolder(async (folder) => {
      const { recover, kinds } = await aScene(folder);
      for (const attempt of [1, 2, 3]) {
        const shutdown = new AbortController();
        await recover(
          {
            gate: async () => {
              shutdown.abort(new Error(`stop ${attempt}`));
              return "go";
            },
          },
          shutdown.signal,
        );
      }

      const end = await recover();

      expect(end).toEqual({
        kind: "needs-human",
        reason: "3 attempts did not bring it to an end",
      });
      expect(kinds().filter((kind) => kind === "recovery-started")).toHaveLength(3);
    });
  });

  it("does nothing and records nothing when everything is done", async () => {
    await withTempFolder(async (folder) => {
      const { recover, kinds } = await aScene(folder);
      await recover();
      const before = kinds().length;

      expect(await recover()).toEqual({ kind: "phase-done", warnings: [] });
      expect(kinds()).toHaveLength(before);
    });
  });
});
