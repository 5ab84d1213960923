import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../src/recover/plan-input.ts";
import type { StepPorts } from "../../src/recover/ports.ts";
import { otherStagings } from "../../src/recover/staging.ts";
import type { Step } from "../../src/recover/step.ts";
import { createStep, KnownStep } from "../../src/recover/steps/index.ts";
import { warmUp } from "../../src/release/warm.ts";
import type { Files } from "../../src/system/files.ts";
import { aPatient, LIVE, type Patient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

const NEXT = ".rollwatch/plan-1/next";
const WARM = ".rollwatch/warm/rel-good/tree";
const MONITORING = "server/config/monitoring.config.js";

interface Scene {
  readonly patient: Patient;
  readonly at: (path: string) => string;
  /** Whether something is there. */
  readonly has: (path: string) => Promise<boolean>;
  /** The step that stages `server`; what it copies is noted. */
  readonly stage: Step;
  readonly copied: readonly string[];
}

/** The good release has a warm copy, the bad one is deployed, a plan back is made. */
async function withWarmScene(
  body: (scene: Scene) => Promise<void>,
  over: Partial<PlanInput> = {},
): Promise<void> {
  await withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const good = await patient.capture("rel-good");
    await warmUp(patient.ports, patient.root, good, LIVE);
    await patient.deployBad();
    const plan = await patient.plan(good, over);
    const copied: string[] = [];
    const files: Files = {
      ...patient.ports.files,
      copy: async (from, to, signal) => {
        copied.push(from);
        await patient.ports.files.copy(from, to, signal);
      },
    };
    const ports: StepPorts = { ...patient.ports, files, planId: "plan-1", switchedAt: 0 };
    const descriptor = KnownStep.parse(plan.steps.find(({ id }) => id === "stage:server"));
    function at(path: string): string {
      return join(patient.root, path);
    }
    await body({
      patient,
      at,
      has: async (path) => (await files.kind(at(path))) !== "absent",
      stage: createStep(descriptor, ports),
      copied,
    });
  });
}

describe("stage with a warm copy", () => {
  it("renames it and reads nothing of the capture", async () => {
    await withWarmScene(async ({ stage, patient, copied, has }) => {
      const detail = await stage.run(LIVE);

      expect(detail).toBe("renamed from the warm copy");
      expect(copied).toEqual([]);
      expect(await stage.isDone(LIVE)).toBe(true);
      expect(await patient.read(`${NEXT}/server/main.js`)).toBe("good");
      expect(await has(`${WARM}/server`)).toBe(false);
    });
  });

  it("copies the capture when it was changed", async () => {
    await withWarmScene(async ({ stage, patient, at }) => {
      await writeFile(at(`${WARM}/server/main.js`), "evil");

      const detail = await stage.run(LIVE);

      expect(detail).toBe("copied from the capture: 3 files, 22 bytes");
      expect(await patient.read(`${NEXT}/server/main.js`)).toBe("good");
    });
  });

  it("copies the capture when it was used up and then lost", async () => {
    await withWarmScene(async ({ stage, patient, at }) => {
      await stage.run(LIVE);
      await patient.ports.files.remove(at(`${NEXT}/server`));

      await stage.run(LIVE);

      expect(await patient.read(`${NEXT}/server/main.js`)).toBe("good");
    });
  });

  it("takes a kept configuration file over as it is now", async () => {
    const kept = [{ path: MONITORING, reason: "changed by hand" }];
    await withWarmScene(
      async ({ stage, patient, copied, at }) => {
        await patient.write(MONITORING, "limits: by hand");

        await stage.run(LIVE);

        expect(copied).toEqual([at(MONITORING)]);
        expect(await patient.read(`${NEXT}/${MONITORING}`)).toBe("limits: by hand");
        expect(await patient.read(`${NEXT}/server/main.js`)).toBe("good");
      },
      { kept },
    );
  });

  it("leaves it to others to clear warm copies away", async () => {
    await withWarmScene(async ({ patient, at }) => {
      await patient.write(".rollwatch/plan-0/previous/server", "evidence");

      const others = await otherStagings(patient.ports.files, patient.root, "plan-1");

      expect(others).toEqual([at(".rollwatch/plan-0")]);
    });
  });
});
