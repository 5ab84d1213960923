import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assemble } from "../../src/app/assemble.ts";
import type { Daemon } from "../../src/app/daemon.ts";
import { openLifecycle } from "../../src/app/lifecycle.ts";
import { openStore } from "../../src/journal/store.ts";
import type { Fact, FactKind } from "../../src/model/facts.ts";
import type { Sample } from "../../src/model/sample.ts";
import { openLog } from "../../src/system/log.ts";
import { type Policy, storyConfig, type Unlike } from "./story-config.ts";
import { openStoryWorld, type StoryWorld } from "./story-world.ts";
import { withTempFolder } from "./temp.ts";

/** The parts of a daemon over the world of a story; none of its loops runs. */
export interface Parts {
  readonly daemon: Daemon;
  readonly world: StoryWorld;
  /** Kinds of the facts written so far. */
  readonly written: () => readonly FactKind[];
  /** Every signal is sampled once, now: 0 is good, 1 is bad. */
  readonly sample: (value: 0 | 1) => void;
  /** Writes facts as an earlier run would have. */
  readonly record: (...facts: readonly Fact[]) => void;
}

/** Runs `body` with the parts of a daemon whose application runs its release `good-1`. */
export async function withDaemon(
  body: (parts: Parts) => Promise<void>,
  policy: Policy = {},
  unlike: Unlike = {},
): Promise<void> {
  await withTempFolder(async (folder) => {
    const config = storyConfig(folder, policy, unlike);
    await mkdir(config.state, { recursive: true, mode: 0o700 });
    await mkdir(config.application.pm2Home, { recursive: true });
    const world = openStoryWorld(config.application.root);
    await world.install("good-1", "works");
    const log = openLog({ level: "silent", secrets: [], fd: 1 });
    const lifecycle = openLifecycle(log);
    const store = openStore(join(config.state, "journal.db"), world.clock);
    lifecycle.onStop("journal", () => store.close());
    const daemon = assemble({ config, world: world.ports, store, log, lifecycle });
    try {
      await body({
        daemon,
        world,
        written: () => store.entries().map((entry) => entry.fact.kind),
        sample: (value) => {
          for (const { name } of daemon.rules) {
            daemon.observatory.receive(aSample(name, world.clock.now(), value));
          }
        },
        record: (...facts) => {
          for (const fact of facts) {
            daemon.journal.record(fact);
          }
        },
      });
    } finally {
      await lifecycle.stop();
    }
  });
}

/** A sample that was measured at once. */
export function aSample(signal: string, at: number, value: number): Sample {
  const detail = value === 0 ? "200" : "500";
  return { signal, at, tookMs: 0, reading: { kind: "measured", value, detail } };
}
