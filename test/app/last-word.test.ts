import { mkdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { tellLastWord } from "../../src/app/last-word.ts";
import { Failure } from "../../src/model/failure.ts";
import type { Notice } from "../../src/model/notice.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { openLog } from "../../src/system/log.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";
import { storyConfig } from "../support/story-config.ts";
import { withTempFolder } from "../support/temp.ts";

const CORRUPT = new Failure("journal-corrupt", "the journal is damaged", { hint: "Put it back." });
const HOUR_MS = 60 * 60_000;

interface Scene {
  readonly sent: Notice[];
  readonly clock: ManualClock;
  readonly tell: (error: unknown, signal?: AbortSignal) => Promise<void>;
}

/** Pages go by two channels, the first of which is down. The state folder is there, or is not. */
async function withScene(
  body: (scene: Scene) => Promise<void>,
  { hasState = true } = {},
): Promise<void> {
  await withTempFolder(async (folder) => {
    const story = storyConfig(folder, {});
    const routes = { page: ["broken", "pager"], tell: ["other"], fallback: [] };
    const config = { ...story, notify: { ...story.notify, routes } };
    await (hasState ? mkdir(config.state) : undefined);
    // Files have the time of the machine.
    const clock = createManualClock(Date.now());
    const sent: Notice[] = [];
    const channels: readonly Channel[] = [
      {
        name: "broken",
        send: async () => {
          throw new Error("no route to host");
        },
      },
      ...["pager", "other"].map((name): Channel => ({
        name,
        send: async (notice) => {
          sent.push(notice);
          return { kind: "delivered" };
        },
      })),
    ];
    const log = openLog({ level: "silent", secrets: [], fd: 1 });
    await body({
      sent,
      clock,
      tell: async (error, signal = new AbortController().signal) =>
        tellLastWord({ config, channels, clock, log }, error, signal),
    });
  });
}

describe("a daemon that cannot go on", () => {
  it("pages past its journal, by every channel that can, with the reason and what to do", async () => {
    await withScene(async ({ sent, tell }) => {
      await tell(CORRUPT);

      expect(sent).toMatchObject([{ reason: "rollwatch-ended", urgency: "page" }]);
      expect(sent[0]?.text).toContain("the journal is damaged (journal-corrupt). Put it back.");
    });
  });

  it("tells the same once an hour however often it is started, and something else at once", async () => {
    await withScene(async ({ sent, tell, clock }) => {
      await tell(CORRUPT);
      await tell(CORRUPT);
      const soon = sent.length;
      await tell(new Failure("internal", "no space left", { hint: "Make room." }));
      const other = sent.length;
      await clock.advance(HOUR_MS + 1000);
      await tell(new Failure("internal", "no space left", { hint: "Make room." }));

      expect([soon, other, sent.length]).toEqual([1, 2, 3]);
    });
  });

  it("puts its end off where it cannot note that it told, so that nobody is paged at every start", async () => {
    await withScene(
      async ({ sent, tell, clock }) => {
        const told = tell(CORRUPT);
        await clock.advance(9 * 60_000);
        const before = clock.pending();
        await clock.advance(60_000);
        await told;

        expect([sent.length, before > clock.pending()]).toEqual([1, true]);
      },
      { hasState: false },
    );
  });

  it("ends at once when it is told to while it puts that off", async () => {
    await withScene(
      async ({ tell, clock }) => {
        const stopping = new AbortController();
        const told = tell(CORRUPT, stopping.signal);
        await clock.settle();

        stopping.abort();

        await expect(told).resolves.toBeUndefined();
      },
      { hasState: false },
    );
  });

  it("keeps foreign words, which may hold a secret, to its log", async () => {
    await withScene(async ({ sent, tell }) => {
      await tell(new Error("connect postgres://u:geheim@db"));

      expect(sent[0]?.text).not.toContain("geheim");
      expect(sent[0]?.text).toContain("a fault of rollwatch itself");
    });
  });

  it("says nothing when it was refused beside another one, or was told to end", async () => {
    await withScene(async ({ sent, tell }) => {
      await tell(new Failure("lock-held", "somebody else is at work", { hint: "" }));
      await tell(CORRUPT, AbortSignal.abort());

      expect(sent).toEqual([]);
    });
  });
});
