import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseFaults, type FaultCase } from "../../bench/detection/cases.ts";
import { playFault, setStage, type Stage } from "../../bench/detection/measure.ts";
import { type Lab, openLab } from "../../lab/lab.ts";

/** Quicker than the bench: what is tested is that all see it, not how soon. */
const PACE = { intervalMs: 1000, badProbes: 3, timeoutMs: 800 };

let lab: Lab;
let stage: Stage;

beforeAll(async () => {
  lab = await openLab();
  stage = await setStage(lab, PACE);
});

afterAll(async () => {
  await lab.end();
});

async function earlier(): Promise<number> {
  const decisions = await Promise.all(stage.observers.map(async (one) => one.decisions()));
  return decisions.flat().length;
}

describe("rollwatch, monit, and blackbox_exporter with Prometheus and Alertmanager on one target", () => {
  it("are all ready and calm while it is healthy", async () => {
    await expect
      .poll(async () => Promise.all(stage.observers.map(async (one) => one.isCalm())), {
        timeout: 30_000,
      })
      .toEqual([true, true, true, true]);

    expect(await earlier()).toBe(0);
  });

  it.each(chooseFaults(["refuse", "errors-all", "killed", "websocket-refused"]))(
    "all see that $title, and that it is over",
    async (fault: FaultCase) => {
      const { decided } = await playFault(stage, fault);

      expect(decided).toEqual({
        rollwatch: expect.any(Number),
        "rollwatch-confirming": expect.any(Number),
        monit: expect.any(Number),
        prometheus: expect.any(Number),
      });
    },
  );

  it("see a WebSocket that answers no ping, but for blackbox_exporter, which speaks no frames", async () => {
    const seen: unknown[] = [];
    for (const mute of chooseFaults(["websocket-mute"])) {
      seen.push((await playFault(stage, mute)).decided);
    }

    expect(seen).toEqual([
      {
        rollwatch: expect.any(Number),
        "rollwatch-confirming": expect.any(Number),
        monit: expect.any(Number),
        prometheus: null,
      },
    ]);
  });
});

describe("when it is over", () => {
  it("leaves nothing behind", async () => {
    expect(await lab.end()).toEqual([]);
  });
});
