import { expect, it } from "vitest";
import { proveDeployed } from "../../src/app/prove-deployed.ts";
import { withDaemon } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const HOUR_MS = 60 * 60_000;

it("a release that is proven anew within the day keeps its baseline, and gets a new one after it", async () => {
  await withDaemon(async ({ daemon, world }) => {
    const times: (number | undefined)[] = [];
    async function prove(): Promise<void> {
      await daemon.surroundings.lookAtAll(LIVE);
      await proveDeployed(daemon, daemon.surroundings.identity()?.value ?? {}, LIVE);
      const [release] = daemon.journal.history().releases;
      times.push(release?.provenAt, release?.baseline?.at);
    }
    const start = world.clock.now();

    await prove();
    await world.clock.advance(HOUR_MS);
    await prove();
    await world.clock.advance(23 * HOUR_MS);
    await prove();

    const [hour, day] = [start + HOUR_MS, start + 24 * HOUR_MS];
    expect(times).toEqual([start, start, hour, start, day, day]);
  });
});
