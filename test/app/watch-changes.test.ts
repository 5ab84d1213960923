import { describe, expect, it } from "vitest";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import { anOpening, aPlan } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { commitOf } from "../support/story-world.ts";

const LIVE = new AbortController().signal;

/** Looks at everything and notes what it sees. */
async function look(
  { daemon }: Parts,
  watch = openChangeWatch(daemon),
  plan?: string,
): Promise<void> {
  await daemon.surroundings.lookAtAll(LIVE);
  watch.note(plan);
}

describe("the watch over what is deployed", () => {
  it("writes nothing before the first look", async () => {
    await withDaemon(async ({ daemon, written }) => {
      openChangeWatch(daemon).note();

      expect(written()).toEqual([]);
    });
  });

  it("writes what it sees first, and nothing while it stays so", async () => {
    await withDaemon(async (parts) => {
      const watch = openChangeWatch(parts.daemon);

      await look(parts, watch);
      await parts.world.clock.advance(5000);
      await look(parts, watch);

      expect(parts.written()).toEqual(["identity-seen"]);
    });
  });

  it("writes a change that nobody announced, between the last look that saw the old and the first that saw the new", async () => {
    await withDaemon(async (parts) => {
      const { world, daemon } = parts;
      const watch = openChangeWatch(daemon);
      await look(parts, watch);
      await world.clock.advance(5000);
      await look(parts, watch);
      const after = world.clock.now();
      await world.clock.advance(5000);
      await world.install("bad-2", "works");

      await look(parts, watch);

      const [change] = daemon.journal.history().changes;
      expect(change).toMatchObject({
        after,
        at: after + 5000,
        parts: ["commit", "served", "lockfile"],
      });
      expect(change?.plan).toBeUndefined();
      expect(change?.to).toMatchObject({ commit: commitOf("bad-2"), served: "bad-2" });
    });
  });

  it("names the plan whose doing a change is", async () => {
    await withDaemon(async (parts) => {
      const watch = openChangeWatch(parts.daemon);
      await look(parts, watch);
      await parts.world.install("bad-2", "works");
      await parts.world.clock.advance(1000);

      await look(parts, watch, "plan-1");

      expect(parts.daemon.journal.history().changes).toMatchObject([{ plan: "plan-1" }]);
    });
  });

  it("leaves what a recovery changes to that recovery, also after a restart in its middle", async () => {
    await withDaemon(async (parts) => {
      await look(parts);
      parts.record(anOpening(), { kind: "planned", plan: aPlan() });
      await parts.world.install("bad-2", "works");
      await parts.world.clock.advance(1000);

      await look(parts);
      expect(parts.daemon.journal.history().changes).toEqual([]);

      await look(parts, undefined, "plan-1");
      expect(parts.daemon.journal.history().changes).toMatchObject([{ plan: "plan-1" }]);
    });
  });

  it("goes on from the journal after a restart: the same is no change, another is one", async () => {
    await withDaemon(async (parts) => {
      await look(parts);

      await parts.world.clock.advance(60_000);
      await look(parts);
      expect(parts.written()).toEqual(["identity-seen"]);

      await parts.world.install("bad-2", "works");
      await parts.world.clock.advance(60_000);
      await look(parts);
      expect(parts.written()).toEqual(["identity-seen", "change-seen"]);
    });
  });

  it("takes what cannot be read for no change, and compares it again when it can", async () => {
    await withDaemon(async (parts) => {
      const { world, daemon } = parts;
      world.database.setRevision("001 (1)");
      const watch = openChangeWatch(daemon);
      await look(parts, watch);
      world.database.setAnswer({ kind: "fails", sqlstate: null, detail: "ECONNREFUSED" });
      await world.clock.advance(5000);
      await look(parts, watch);
      world.database.setAnswer({ kind: "answers", tookMs: 1, version: "15.18" });
      world.database.setRevision("002 (2)");
      await world.clock.advance(5000);

      await look(parts, watch);

      expect(daemon.journal.history().changes).toMatchObject([{ parts: ["schema"] }]);
    });
  });

  it("learns what nobody could read at first, and sees its change from then on", async () => {
    await withDaemon(async (parts) => {
      const { world, daemon } = parts;
      const watch = openChangeWatch(daemon);
      world.database.setRevision("001 (1)");
      world.database.setAnswer({ kind: "fails", sqlstate: null, detail: "ECONNREFUSED" });
      await look(parts, watch);
      world.database.setAnswer({ kind: "answers", tookMs: 1, version: "15.18" });
      await world.clock.advance(5000);
      await look(parts, watch);
      world.database.setRevision("002 (2)");
      await world.clock.advance(5000);

      await look(parts, watch);

      expect(parts.written()).toEqual(["identity-seen", "identity-seen", "change-seen"]);
      expect(daemon.journal.history().changes).toMatchObject([{ parts: ["schema"] }]);
    });
  });

  it("lets no window mix two releases", async () => {
    await withDaemon(async (parts) => {
      const { world, daemon, sample } = parts;
      const watch = openChangeWatch(daemon);
      await look(parts, watch);
      sample(1);
      await world.clock.advance(2000);
      sample(1);
      await look(parts, watch);
      await world.clock.advance(1000);
      await world.install("good-2", "works");

      await look(parts, watch);

      const states = daemon.observatory.signals(world.clock.now(), []);
      expect(states.map((one) => one.badWindows)).toEqual([0, 0]);
    });
  });
});
