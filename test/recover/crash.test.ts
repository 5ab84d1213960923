import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/model/facts.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { RecoveryPorts } from "../../src/recover/ports.ts";
import { warmUp } from "../../src/release/warm.ts";
import type { RecoveryEnd, RecoveryJournal } from "../../src/recover/run.ts";
import { GOOD_COMMIT } from "../support/builders.ts";
import {
  aLife,
  Death,
  type Life,
  memoryJournal,
  mortalPorts,
  recoverAll,
} from "../support/mortal.ts";
import { aPatient, LIVE, type Patient, SERVICES } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

interface Run {
  readonly journal: RecoveryJournal;
  readonly ports: RecoveryPorts;
  readonly plan: Plan;
}

async function untilDeath(run: Run): Promise<void> {
  try {
    await recoverAll(run, LIVE);
  } catch (error) {
    if (!(error instanceof Death)) {
      throw error;
    }
  }
}

/** Renames that took a tree of the application away or put one in its place. */
function countSwitches(patient: Patient, ports: RecoveryPorts, seen: string[]): RecoveryPorts {
  const { files } = ports;
  return {
    ...ports,
    files: {
      ...files,
      rename: async (from, to) => {
        await files.rename(from, to);
        for (const path of [from, to]) {
          if (!path.includes("/.rollwatch/") && path.startsWith(patient.root)) {
            seen.push(path === from ? `away ${path}` : `back ${path}`);
          }
        }
      },
    },
  };
}

interface Lives {
  readonly journal: Life;
  readonly effects: Life;
}

/** A recovery that is killed once and resumed once. */
async function killAndResume(
  patient: Patient,
  lives: Lives,
  isWarm: boolean,
): Promise<{ readonly end: RecoveryEnd; readonly switches: readonly string[] }> {
  const good = await patient.capture("rel-good");
  if (isWarm) {
    await warmUp(patient.ports, patient.root, good, LIVE);
  }
  await patient.deployBad();
  patient.pm2.setDump([]);
  const plan = await patient.plan(good);
  const entries: Entry[] = [];
  const switches: string[] = [];
  const ports = countSwitches(patient, patient.ports, switches);
  memoryJournal(patient.clock, entries).record({ kind: "planned", plan });
  const both: Life = {
    ...lives.effects,
    live: (effect) => {
      lives.effects.requireAlive();
      return lives.journal.live(effect);
    },
  };

  await untilDeath({
    plan,
    journal: memoryJournal(patient.clock, entries, both),
    ports: mortalPorts(ports, lives.effects),
  });
  const end = await recoverAll(
    { plan, journal: memoryJournal(patient.clock, entries), ports },
    LIVE,
  );
  return { end, switches };
}

async function expectRestoredOnce(
  patient: Patient,
  { end, switches }: Awaited<ReturnType<typeof killAndResume>>,
): Promise<void> {
  const effects = patient.pm2.calls.filter((call) => call !== "save");
  const services = await patient.pm2.services(SERVICES, LIVE);

  expect(end).toEqual({ kind: "phase-done", warnings: [] });
  expect(await patient.read("server/main.js")).toBe("good");
  expect(await patient.read("server/extra.js")).toBeUndefined();
  expect(await patient.read("package-lock.json")).toBe("lock good");
  expect(await patient.read(".env")).toBe("PORT=1");
  expect(await patient.git.head("", LIVE)).toBe(GOOD_COMMIT);
  expect(services.flatMap((one) => one.instances.map((two) => two.status))).toEqual([
    "online",
    "online",
    "online",
  ]);
  expect(effects).toEqual(["stop 2", "stop 1", "stop 0", "restart 0", "restart 1", "restart 2"]);
  expect(switches).toEqual(
    ["server", "package-lock.json", ".env"].flatMap((path) => [
      `away ${patient.root}/${path}`,
      `back ${patient.root}/${path}`,
    ]),
  );
}

/** How many records and effects an undisturbed recovery has. */
async function countAll(
  isWarm: boolean,
): Promise<{ readonly records: number; readonly effects: number }> {
  return withTempFolder(async (folder) => {
    const patient = await aPatient(folder);
    const lives = { journal: aLife(), effects: aLife() };
    await killAndResume(patient, lives, isWarm);
    return { records: lives.journal.happened, effects: lives.effects.happened };
  });
}

/** 1 to `last`, eight at a time: most of it is waiting for the disk. */
async function forEachUpTo(last: number, body: (nth: number) => Promise<void>): Promise<void> {
  let next = 1;
  async function work(): Promise<void> {
    while (next <= last) {
      next += 1;
      await body(next - 1);
    }
  }
  await Promise.all(Array.from({ length: 8 }, work));
}

const cold = await countAll(false);
const warm = await countAll(true);

describe("a recovery that is killed and resumed", () => {
  it("has many places to be killed at", () => {
    expect({ records: cold.records > 25, effects: cold.effects > 25 }).toEqual({
      records: true,
      effects: true,
    });
  });

  it.each(["before", "after"] as const)(
    "ends restored with each effect once, killed %s each record",
    async (when) => {
      await forEachUpTo(cold.records, async (nth) => {
        await withTempFolder(async (folder) => {
          const patient = await aPatient(folder);

          const lives = { journal: aLife({ nth, when }), effects: aLife() };
          const result = await killAndResume(patient, lives, false);

          expect(lives.journal.isOver).toBe(true);
          await expectRestoredOnce(patient, result);
        });
      });
    },
  );

  it.each([
    { when: "before", from: "the capture", isWarm: false },
    { when: "after", from: "the capture", isWarm: false },
    { when: "before", from: "a warm copy", isWarm: true },
    { when: "after", from: "a warm copy", isWarm: true },
  ] as const)(
    "ends restored from $from with each effect once, killed $when each effect",
    async ({ when, isWarm }) => {
      await forEachUpTo((isWarm ? warm : cold).effects, async (nth) => {
        await withTempFolder(async (folder) => {
          const patient = await aPatient(folder);

          const lives = { journal: aLife(), effects: aLife({ nth, when }) };
          const result = await killAndResume(patient, lives, isWarm);

          expect(lives.effects.isOver).toBe(true);
          await expectRestoredOnce(patient, result);
        });
      });
    },
  );
});
