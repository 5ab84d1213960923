import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assemble } from "../../src/app/assemble.ts";
import { judgeNow, type Daemon } from "../../src/app/daemon.ts";
import { openIncidentOf } from "../../src/app/incident.ts";
import { openLifecycle } from "../../src/app/lifecycle.ts";
import { proveDeployed } from "../../src/app/prove-deployed.ts";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import { openStore } from "../../src/journal/store.ts";
import type { Fact, FactKind } from "../../src/model/facts.ts";
import type { Incident } from "../../src/model/history.ts";
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

/** The same daemon, in which something happens while a rollback is drafted. */
export function whileDrafting(daemon: Daemon, meanwhile: () => void): Daemon {
  const { git } = daemon.world;
  async function isTop(root: string): Promise<boolean> {
    meanwhile();
    return git.isTop(root);
  }
  return { ...daemon, world: { ...daemon.world, git: { ...git, isTop } } };
}

/** The same daemon, in which something happens while it looks at everything. */
export function whileLooking(daemon: Daemon, meanwhile: () => void): Daemon {
  const { surroundings } = daemon;
  async function lookAtAll(signal: AbortSignal): Promise<void> {
    await surroundings.lookAtAll(signal);
    meanwhile();
  }
  return { ...daemon, surroundings: { ...surroundings, lookAtAll } };
}

/** `good-1` is captured and proven, then a bad release is deployed and the breach proven; returns its open incident. */
export async function breaksAfterProof(parts: Parts): Promise<Incident> {
  const { daemon, world, sample } = parts;
  const { signal } = new AbortController();
  const changes = openChangeWatch(daemon);
  await daemon.surroundings.lookAtAll(signal);
  changes.note();
  await proveDeployed(daemon, daemon.surroundings.identity()?.value ?? {}, signal);
  await world.clock.advance(60_000);
  await world.install("bad-2", "answers 500");
  await daemon.surroundings.lookAtAll(signal);
  changes.note();
  for (let time = 0; time < 4; time += 1) {
    await world.clock.advance(2000);
    sample(1);
  }
  const verdict = judgeNow(daemon);
  const incident = verdict.kind === "breached" ? openIncidentOf(daemon, verdict) : undefined;
  if (incident === undefined) {
    throw new Error(`no breach was proven: ${verdict.kind}`);
  }
  return incident;
}
