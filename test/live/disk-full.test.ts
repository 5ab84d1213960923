import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openVolume } from "../../lab/volume.ts";
import { isBallastLaid } from "../../src/journal/ballast.ts";
import { type CrashLab, endCleanly, openCrashLab } from "./support/crash-lab.ts";
import { atEffect } from "./support/kill-point.ts";
import { factsOf, isOver } from "./support/restored.ts";
import { GOOD } from "./support/two-services.ts";

const LIMIT_MS = 60_000;

let lab: CrashLab;
let filler: string;

beforeAll(async () => {
  lab = await openCrashLab(async (opened) => ({ volume: await openVolume(opened) }));
  filler = join(lab.state, "..", "filler");
});

afterAll(async () => {
  const problems = await lab.end();
  if (problems.length > 0) {
    throw new Error(`left behind: ${problems.join("; ")}`);
  }
});

describe("a disk that is full when services were stopped for a rollback", () => {
  it("does not keep the application down: the recovery is written down with the ballast, and people are paged", async () => {
    await lab.reset();
    const before = (await lab.entries()).length;
    const point = { ...atEffect("stop-service:worker", "before", "pm2.stop"), filler };
    const daemon = lab.start(point);
    await daemon.ready;
    await lab.app.deployBad();

    const entries = (await lab.until(isOver, "the incident is closed", daemon)).slice(before);

    expect(factsOf(entries, "closed")).toMatchObject([{ outcome: "rolled-back" }]);
    expect(factsOf(entries, "daemon-started")).toHaveLength(1);
    expect(await lab.app.served()).toBe(GOOD);
    expect(isBallastLaid(lab.state)).toBe(false);
    const told = await lab.until(
      (all) => factsOf(all, "notice-delivered").length > 0 && reasonsOf(all).includes("disk-full"),
      "people are paged",
      daemon,
    );
    expect(reasonsOf(told)).toContain("disk-full");

    await rm(filler);
    await untilLaid(lab.state);
    await endCleanly(daemon);
  });
});

function reasonsOf(entries: Parameters<typeof factsOf>[0]): readonly string[] {
  return factsOf(entries, "notice-queued").map(({ notice }) => notice.reason);
}

async function untilLaid(state: string): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!isBallastLaid(state)) {
    await sleep(50, undefined, { signal: limit });
  }
}
