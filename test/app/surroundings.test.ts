import { describe, expect, it } from "vitest";
import { openSurroundings } from "../../src/app/surroundings.ts";
import { createControls } from "../../src/observe/controls.ts";
import { withDaemon } from "../support/daemon.ts";
import { SERVICES } from "../support/story-world.ts";

const LIVE = new AbortController().signal;

describe("the surroundings", () => {
  it("know nothing before the first look", async () => {
    await withDaemon(async ({ daemon: { surroundings } }) => {
      expect(surroundings.services()).toEqual([]);
      expect(surroundings.daemon()).toBeUndefined();
      expect(surroundings.identity()).toBeUndefined();
    });
  });

  it("keep the services as they were last seen while pm2 does not answer, and say that it does not", async () => {
    await withDaemon(async ({ daemon: { surroundings }, world }) => {
      await surroundings.lookAtServices(LIVE);
      world.pm2.setDaemon({ kind: "dead", reason: "nobody listens" });

      await surroundings.lookAtServices(LIVE);

      expect(surroundings.daemon()?.kind).toBe("dead");
      expect(surroundings.services().map((one) => one.name)).toEqual(SERVICES);
    });
  });

  it("stay with the newer look when an older one ends after it", async () => {
    await withDaemon(async ({ daemon, world }) => {
      const { config, log } = daemon;
      const slow = { ms: 3000 };
      const ports = {
        ...world.ports,
        git: {
          ...world.git,
          head: async (root: string, signal: AbortSignal) => {
            const head = await world.git.head(root, signal);
            await world.clock.sleep(slow.ms, signal);
            return head;
          },
        },
      };
      const controls = createControls(ports, {
        services: [],
        upstreams: [],
        hosts: [],
        root: config.application.root,
        state: config.state,
      });
      const surroundings = openSurroundings({ world: ports, controls, log }, config.application);
      const older = surroundings.lookAtAll(LIVE);
      await world.clock.advance(1000);
      await world.install("good-2", "works");
      slow.ms = 0;
      const newer = surroundings.lookAtAll(LIVE);
      await world.clock.advance(1);
      await newer;
      const seen = surroundings.identity();

      await world.clock.advance(3000);
      await older;
      await controls.close();

      expect(seen?.value.served).toBe("good-2");
      expect(surroundings.identity()).toEqual(seen);
    });
  });
});
