import { readFileSync } from "node:fs";
import { type Lab, openLab } from "../../lab/lab.ts";
import { rehearse } from "../../lab/rehearsal.ts";
import { findRelease } from "../../lab/releases.ts";
import type { Entry } from "../../src/model/facts.ts";

/** One daemon killed at the first act of a rollback, and started again by pm2; milliseconds. */
export interface Resume {
  /** From the new process's beginning, as the kernel has it, to the journal's word of it. */
  readonly toStarted: number;
  /** From the new process's beginning to the attempt that goes on with the recovery. */
  readonly toResumed: number;
  /** Synced writes of the most that any step waited for: its own announcement and its outcome. */
  readonly writesPerStep: number;
}

const RELEASE = "system-down";
const TICKS_A_SECOND = 100;

/** Kills a real daemon in the middle of a real rollback. */
export async function measureResume(opened: (lab: Lab) => void): Promise<Resume> {
  const lab = await openLab();
  opened(lab);
  const begunAt = new Map<number, number>();
  try {
    const script = {
      release: await findRelease(RELEASE),
      bake: "20s",
      installWith: "cache",
      dependencies: "few",
      killDaemon: true,
    } as const;
    const { entries } = await rehearse(lab, script, (scene) => {
      if (scene.kind === "fact" && scene.entry.fact.kind === "daemon-started") {
        begunAt.set(scene.entry.seq, processBeganAt(scene.entry.fact.pid));
      }
    });
    return resumeOf(entries, begunAt);
  } finally {
    await lab.end();
  }
}

/** What the journal says of the restart; `begunAt` has the processes' beginnings by the entry that tells of them. */
export function resumeOf(entries: readonly Entry[], begunAt: ReadonlyMap<number, number>): Resume {
  const started = entries.find(({ fact }) => fact.kind === "daemon-started");
  const resumed = entries.find(
    ({ seq, fact }) => seq > (started?.seq ?? Infinity) && fact.kind === "recovery-started",
  );
  const from = begunAt.get(started?.seq ?? 0);
  if (started === undefined || resumed === undefined || from === undefined) {
    throw new Error("the recovery was not resumed after the daemon was killed");
  }
  return {
    toStarted: started.at - from,
    toResumed: resumed.at - from,
    writesPerStep: mostWrites(entries),
  };
}

/** The most entries that one beginning of a step has. */
function mostWrites(entries: readonly Entry[]): number {
  const writes = new Map<string, number>();
  let most = 0;
  for (const { fact } of entries) {
    if (fact.kind === "step-started") {
      writes.set(fact.step, 1);
    } else if (fact.kind === "step-finished") {
      writes.set(fact.step, (writes.get(fact.step) ?? 0) + 1);
    }
    most = Math.max(most, ...writes.values());
  }
  return most;
}

/** When a process began, by the kernel's clock of 10 ms; ms since the epoch. */
function processBeganAt(pid: number): number {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const begunSeconds = Number(fields.split(" ")[19]) / TICKS_A_SECOND;
  const upSeconds = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  return Date.now() - (upSeconds - begunSeconds) * 1000;
}
