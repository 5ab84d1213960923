import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import { sourceUrl } from "../support/child.ts";
import { withTempFolder } from "../support/temp.ts";

const run = promisify(execFile);
const HOUR_MS = 60 * 60_000;
const Told = z.object({ now: z.number(), until: z.number(), setBy: z.array(z.number()) });

/** Debian's package faketime has it in a folder that is named after the architecture. */
function library(): string {
  const folders = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/faketime`);
  for (const folder of folders) {
    try {
      if (readdirSync(folder).includes("libfaketime.so.1")) {
        return join(folder, "libfaketime.so.1");
      }
    } catch {
      // Not this one.
    }
  }
  throw new Error("libfaketime is not installed: apt-get install faketime");
}

/** One start of rollwatch, as far as its journal is concerned, by a wall clock that is `ahead`; what it makes of the pause in it. */
async function start(folder: string, ahead: string): Promise<z.infer<typeof Told>> {
  const source = `
    import { openJournal } from ${JSON.stringify(sourceUrl("journal/journal.ts"))};
    import { openStore } from ${JSON.stringify(sourceUrl("journal/store.ts"))};
    import { openClock } from ${JSON.stringify(sourceUrl("system/clock.ts"))};
    import { bootOf, noteSetMeanwhile } from ${JSON.stringify(sourceUrl("app/boot.ts"))};
    const clock = openClock();
    const store = openStore(${JSON.stringify(join(folder, "journal.db"))}, clock);
    const journal = openJournal(store);
    noteSetMeanwhile({ journal, world: { clock }, log: { warn: () => undefined } });
    journal.record({ kind: "daemon-started", pid: 1, version: "1", configHash: "h", ...bootOf(clock) });
    if (journal.history().pause === undefined) {
      journal.record({ kind: "paused", by: "Ada", reason: "r", until: Math.round(clock.now()) + ${HOUR_MS} });
    }
    const { pause, clockSets = [] } = journal.history();
    const setBy = clockSets.map((one) => one.byMs);
    console.log(JSON.stringify({ now: clock.now(), until: pause.until, setBy }));
    store.close();
  `;
  const { stdout } = await run(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", source],
    {
      env: {
        ...process.env,
        LD_PRELOAD: library(),
        FAKETIME: ahead,
        // Nobody can set the machine's own scale.
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    },
  );
  return Told.parse(JSON.parse(stdout));
}

it("a clock that was really set by hours while rollwatch did not run is found, and the pause lasts as long as it was to", async () => {
  await withTempFolder(async (folder) => {
    await start(folder, "+0");

    const forward = await start(folder, "+5h");
    const back = await start(folder, "-2h");

    const [first = 0, second = 0, ...more] = back.setBy;
    expect(forward.until - forward.now).toBeGreaterThan(HOUR_MS / 2);
    expect(forward.until - forward.now).toBeLessThanOrEqual(HOUR_MS);
    expect(back.until).toBe(forward.until);
    expect([Math.round(first / HOUR_MS), Math.round(second / HOUR_MS), more]).toEqual([5, -7, []]);
  });
});
