import { describe, expect, it } from "vitest";
import { daemonOperations } from "../../src/app/operations.ts";
import { withDaemon } from "../support/daemon.ts";

const { signal } = new AbortController();
const RUNNING = { version: "1", pid: 1, startedAt: 0, lastVerdict: () => undefined };

describe("what is asked of a daemon", () => {
  it("compares releases one after the other: whoever asks meanwhile is told so", async () => {
    await withDaemon(async ({ daemon }) => {
      const operations = daemonOperations(daemon, RUNNING);

      const first = operations.diffReleases("rel-1", "rel-2", signal);
      const second = operations.diffReleases("rel-1", "rel-2", signal);

      await expect(second).rejects.toMatchObject({ code: "refused" });
      await expect(first).rejects.toMatchObject({ code: "release-unknown" });
      const third = operations.diffReleases("rel-1", "rel-2", signal);
      await expect(third).rejects.toMatchObject({ code: "release-unknown" });
    });
  });
});
