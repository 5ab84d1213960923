import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../../../src/app/world.ts";
import type { JournalStore } from "../../../src/journal/store.ts";
import type { Entry, Fact } from "../../../src/model/facts.ts";
import { type KillPoint, subjectOf } from "./kill-point.ts";

/** How long a call has been under way when the daemon dies within it. */
const WITHIN_MS = 15;

/** Sends the signal of the point to this process when it is reached. */
interface Fate {
  readonly record: (fact: Fact, write: () => Entry) => Entry;
  readonly effect: <T>(name: string, call: () => Promise<T>) => Promise<T>;
}

/** The store and the world of a daemon that sends itself a signal at the point; without a point they are as they were. */
export function makeMortal(
  store: JournalStore,
  world: World,
  point: KillPoint | undefined,
): { readonly store: JournalStore; readonly world: World } {
  if (point === undefined) {
    return { store, world };
  }
  const fate = openFate(point);
  const { effect } = fate;
  const { files, pm2, git, processes } = world;
  return {
    store: { ...store, append: (fact) => fate.record(fact, () => store.append(fact)) },
    world: {
      ...world,
      files: {
        ...files,
        copy: async (from, to, signal) =>
          effect("files.copy", async () => files.copy(from, to, signal)),
        rename: async (from, to) => effect("files.rename", async () => files.rename(from, to)),
        remove: async (path) => effect("files.remove", async () => files.remove(path)),
      },
      pm2: {
        ...pm2,
        stop: async (id, signal) => effect("pm2.stop", async () => pm2.stop(id, signal)),
        restart: async (id, signal) => effect("pm2.restart", async () => pm2.restart(id, signal)),
        save: async (signal) => effect("pm2.save", async () => pm2.save(signal)),
      },
      git: {
        ...git,
        pointHead: async (root, commit, signal) =>
          effect("git.pointHead", async () => git.pointHead(root, commit, signal)),
      },
      processes: {
        ...processes,
        look: async (pid) => effect("processes.look", async () => processes.look(pid)),
      },
    },
  };
}

function openFate(point: KillPoint): Fate {
  let step: string | undefined;
  let calls = 0;

  function signalIf(isDue: boolean): void {
    if (isDue) {
      process.kill(process.pid, point.signal);
    }
  }

  return {
    record: (fact, write) => {
      const isPoint =
        point.kind === "record" &&
        point.fact === fact.kind &&
        (point.about === undefined || point.about === subjectOf(fact));
      signalIf(isPoint && point.when === "before");
      const entry = write();
      signalIf(isPoint && point.when === "after");
      step = fact.kind === "step-started" ? fact.step : step;
      step = fact.kind === "step-finished" ? undefined : step;
      return entry;
    },
    effect: async (name, call) => {
      if (point.kind !== "effect" || step !== point.step || name !== point.call) {
        return call();
      }
      calls += 1;
      const isDue = calls === point.nth;
      signalIf(isDue && point.when === "before");
      const running = call();
      if (isDue && point.when === "within") {
        await Promise.race([running, sleep(WITHIN_MS)]);
        signalIf(true);
      }
      const result = await running;
      signalIf(isDue && point.when === "after");
      return result;
    },
  };
}
