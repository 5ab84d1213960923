import { describe, expect, it } from "vitest";
import { openInbox } from "../../src/system/inbox.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { memoryInbox, memoryTexts } from "../support/fakes/inbox.ts";

describe("the inbox", () => {
  it("knows of no check-in before the first one", async () => {
    const inbox = memoryInbox(createManualClock());

    expect(await inbox.lastCheckIn("importer")).toBeUndefined();
  });

  it("knows the newest check-in of each signal", async () => {
    const clock = createManualClock();
    const inbox = memoryInbox(clock);
    await inbox.checkIn("importer");
    await clock.advance(7000);
    await inbox.checkIn("cleaner");
    await clock.advance(5000);
    await inbox.checkIn("importer");

    expect(await inbox.lastCheckIn("importer")).toEqual({ at: clock.now(), heardAt: 12_000 });
    expect(await inbox.lastCheckIn("cleaner")).toMatchObject({ heardAt: 7000 });
  });

  it("remembers over a restart that a signal was heard, but not in the time of the new process", async () => {
    const texts = new Map<string, string>();
    const clock = createManualClock();
    await memoryInbox(clock, texts).checkIn("importer");
    const at = clock.now();
    await clock.advance(3_600_000);

    const restarted = memoryInbox(clock, texts);

    expect(await restarted.lastCheckIn("importer")).toEqual({ at });
    expect(restarted.since).toBe(3_600_000);
  });

  it("keeps what was heard before the file was read", async () => {
    const texts = new Map<string, string>();
    const clock = createManualClock();
    await memoryInbox(clock, texts).checkIn("importer");
    await memoryInbox(clock, texts).checkIn("cleaner");
    await clock.advance(1000);

    const restarted = memoryInbox(clock, texts);
    await restarted.checkIn("importer");

    expect(await restarted.lastCheckIn("importer")).toMatchObject({ heardAt: 1000 });
    expect(await restarted.lastCheckIn("cleaner")).toBeDefined();
  });

  it("writes at most once a minute for each signal", async () => {
    let writes = 0;
    const clock = createManualClock();
    const files = {
      ...memoryTexts(),
      writeAtomic: async () => {
        writes += 1;
      },
    };
    const inbox = openInbox("/inbox.json", { clock, files });

    for (let second = 0; second < 120; second += 1) {
      await inbox.checkIn("importer");
      await clock.advance(1000);
    }

    expect(writes).toBe(2);
  });

  it("writes one state after the other, the newest last", async () => {
    const texts = new Map<string, string>();
    const clock = createManualClock();
    const inbox = memoryInbox(clock, texts);

    await Promise.all([inbox.checkIn("a"), inbox.checkIn("b"), inbox.checkIn("c")]);

    expect(Object.keys(JSON.parse(texts.get("/inbox.json") ?? "").checkIns)).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  it.each(["", "not json", "[]", '{"checkIns":{"a":{"at":"now"}}}'])(
    "takes a file that holds %j for none",
    async (content) => {
      const inbox = memoryInbox(createManualClock(), new Map([["/inbox.json", content]]));

      expect(await inbox.lastCheckIn("a")).toBeUndefined();
    },
  );

  it("says so when the file cannot be read, and reads it again the next time", async () => {
    let isBroken = true;
    const files = {
      ...memoryTexts(),
      readText: async () => {
        if (isBroken) {
          throw new Error("EIO");
        }
        return '{"checkIns":{"a":{"at":5}}}';
      },
    };
    const inbox = openInbox("/inbox.json", { clock: createManualClock(), files });

    await expect(inbox.lastCheckIn("a")).rejects.toThrow("EIO");
    isBroken = false;

    expect(await inbox.lastCheckIn("a")).toEqual({ at: 5 });
  });
});
