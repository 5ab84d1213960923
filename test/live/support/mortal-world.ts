import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "../../../src/app/world.ts";
import type { JournalStore } from "../../../src/journal/store.ts";
import type { Entry, Fact } from "../../../src/model/facts.ts";
import { type KillPoint, subjectOf } from "./kill-point.ts";

/** How long a call has been under way when the daemon dies within it. */
const WITHIN_MS = 15;

/** Calls that change what the application sees, and are made for a step alone. */
const ACTS: ReadonlySet<string> = new Set([
  "pm2.stop",
  "pm2.restart",
  "pm2.replace",
  "git.pointHead",
  "databases.moveSequences",
  "databases.swap",
]);

/** Sends the signal of the point to this process when it is reached. */
interface Fate {
  readonly record: (fact: Fact, write: () => Entry) => Entry;
  readonly effect: <T>(name: string, call: () => Promise<T>) => Promise<T>;
}

/** The store and the world of a daemon that sends itself a signal at the point, if there is one, and says which effects it has. */
export function makeMortal(
  store: JournalStore,
  world: World,
  point: KillPoint | undefined,
): { readonly store: JournalStore; readonly world: World } {
  const fate = openFate(point);
  const { effect } = fate;
  const { files, pm2, git, processes, databases, warming } = world;
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
        writeAtomic: async (path, content, mode) =>
          effect("files.writeAtomic", async () => files.writeAtomic(path, content, mode)),
      },
      pm2: {
        ...pm2,
        stop: async (process, signal) => effect("pm2.stop", async () => pm2.stop(process, signal)),
        restart: async (process, signal) =>
          effect("pm2.restart", async () => pm2.restart(process, signal)),
        replace: async (name, definitions, signal) =>
          effect("pm2.replace", async () => pm2.replace(name, definitions, signal)),
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
      ...(databases === undefined
        ? {}
        : {
            databases: {
              ...databases,
              obstacles: async (pair, system, signal) =>
                effect("databases.obstacles", async () =>
                  databases.obstacles(pair, system, signal),
                ),
              moveSequences: async (pair, signal) =>
                effect("databases.moveSequences", async () =>
                  databases.moveSequences(pair, signal),
                ),
              swap: async (pair, opening, signal) =>
                effect("databases.swap", async () => databases.swap(pair, opening, signal)),
              view: async (name, signal) =>
                effect("databases.view", async () => databases.view(name, signal)),
            },
          }),
      ...(warming === undefined
        ? {}
        : {
            warming: {
              ...warming,
              restorer: {
                ...warming.restorer,
                restore: async (order, signal) =>
                  effect("restorer.restore", async () => warming.restorer.restore(order, signal)),
              },
            },
          }),
    },
  };
}

function openFate(point: KillPoint | undefined): Fate {
  let step: string | undefined;
  let calls = 0;

  function signalIf(isDue: boolean): void {
    if (point === undefined) {
      return;
    }
    if (isDue && point.filler !== undefined) {
      fill(point.filler);
    } else if (isDue) {
      process.kill(process.pid, point.signal);
    }
  }

  return {
    record: (fact, write) => {
      const isPoint =
        point?.kind === "record" &&
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
      tellEffect(step, name);
      if (point?.kind !== "effect" || step !== point.step || name !== point.call) {
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

/** Looked for by the matrix: an effect that nothing had announced, and one that is made again by the next daemon. */
function tellEffect(step: string | undefined, name: string): void {
  if (step !== undefined) {
    process.stderr.write(`effect of ${step}: ${name}\n`);
  } else if (ACTS.has(name)) {
    process.stderr.write(`effect without intent: ${name}\n`);
  }
}

/** Writes to the file until there is no room for one byte more. */
function fill(path: string): void {
  const file = openSync(path, "a");
  for (const size of [1024 * 1024, 4096, 1]) {
    const bytes = Buffer.alloc(size);
    try {
      // A full disk may take a part of what it is given, and then says so.
      while (writeSync(file, bytes) === size) {}
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) {
        throw error;
      }
    }
  }
  fsyncSync(file);
  closeSync(file);
}
