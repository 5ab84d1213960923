import type { Entry, Fact } from "../../src/model/facts.ts";
import type { History } from "../../src/model/history.ts";
import { emptyHistory, fold } from "../../src/journal/fold.ts";
import { requirePossible } from "../../src/journal/journal.ts";
import {
  runRecovery,
  type RecoveryEnd,
  type RecoveryRun,
  type RecoveryJournal,
} from "../../src/recover/run.ts";
import type { RecoveryPorts } from "../../src/recover/ports.ts";
import { aProof } from "./builders.ts";
import type { ManualClock } from "./fakes/clock.ts";

/** The end of a process: from then on nothing that it tries has an effect. */
export class Death extends Error {}

/** Kills at the `nth` effect or record of a kind, before it happens or after. */
export interface Fate {
  readonly nth: number;
  readonly when: "before" | "after";
}

/** Counts what happens and makes it end where fate says. */
export interface Life {
  readonly happened: number;
  readonly isOver: boolean;
  live<T>(effect: () => T): T;
  liveLong<T>(effect: () => Promise<T>): Promise<T>;
  requireAlive(): void;
}

export function aLife(fate?: Fate): Life {
  let happened = 0;
  let isOver = false;

  function dieIf(when: Fate["when"]): void {
    if (fate?.nth === happened && fate.when === when) {
      isOver = true;
      throw new Death(`killed ${when} ${happened}`);
    }
  }

  function requireAlive(): void {
    if (isOver) {
      throw new Death("is dead");
    }
  }

  return {
    get happened() {
      return happened;
    },
    get isOver() {
      return isOver;
    },
    requireAlive,
    live(effect) {
      requireAlive();
      happened += 1;
      dieIf("before");
      const result = effect();
      dieIf("after");
      return result;
    },
    async liveLong(effect) {
      requireAlive();
      happened += 1;
      dieIf("before");
      const result = await effect();
      dieIf("after");
      return result;
    },
  };
}

/** A journal in memory; `life` may end at a record. Each record takes a second. */
export function memoryJournal(
  clock: ManualClock,
  entries: Entry[] = [],
  life: Life = aLife(),
): RecoveryJournal {
  return {
    history: (): History => entries.reduce(fold, emptyHistory),
    record: (fact: Fact): Entry =>
      life.live(() => {
        if (fact.kind !== "planned") {
          // Plans are of incidents, which nobody opens here.
          requirePossible(entries.reduce(fold, emptyHistory), fact);
        }
        clock.jumpWall(1000);
        const entry = { seq: entries.length + 1, at: clock.now(), fact };
        entries.push(entry);
        return entry;
      }),
  };
}

/** The same ports, but `life` may end at each of their effects. */
export function mortalPorts(ports: RecoveryPorts, life: Life): RecoveryPorts {
  const { files, pm2, git } = ports;
  return {
    ...ports,
    files: {
      ...files,
      rename: async (from, to) => life.liveLong(async () => files.rename(from, to)),
      copy: async (from, to, signal) => life.liveLong(async () => files.copy(from, to, signal)),
      remove: async (path) => life.liveLong(async () => files.remove(path)),
      makeFolder: async (path, mode) => life.liveLong(async () => files.makeFolder(path, mode)),
      writeAtomic: async (path, content, mode) =>
        life.liveLong(async () => files.writeAtomic(path, content, mode)),
    },
    pm2: {
      ...pm2,
      stop: async (process, signal) => life.liveLong(async () => pm2.stop(process, signal)),
      restart: async (process, signal) => life.liveLong(async () => pm2.restart(process, signal)),
      replace: async (name, definitions, signal) =>
        life.liveLong(async () => pm2.replace(name, definitions, signal)),
      save: async (signal) => life.liveLong(async () => pm2.save(signal)),
    },
    git: {
      ...git,
      pointHead: async (root, commit, signal) =>
        life.liveLong(async () => git.pointHead(root, commit, signal)),
    },
  };
}

async function gate(): Promise<"go"> {
  return "go";
}

/** Carries a recovery to its end as the daemon does: it acts, is proven once, and settles. */
export async function recoverAll(
  { plan, journal, ports }: Pick<RecoveryRun, "plan" | "journal" | "ports">,
  signal: AbortSignal,
): Promise<RecoveryEnd> {
  const run = { plan, journal, ports, gate };
  const acted = await runRecovery({ ...run, until: "act" }, signal);
  if (acted.kind !== "phase-done") {
    return acted;
  }
  const recovery = journal.history().recoveries.find((one) => one.plan.id === plan.id);
  if (recovery?.verification === undefined) {
    journal.record(aProof(plan.id));
  }
  return runRecovery({ ...run, until: "settle" }, signal);
}
