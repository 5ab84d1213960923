import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../src/model/failure.ts";
import type { CrashLab } from "../live/support/crash-lab.ts";
import { endCleanly } from "../live/support/crash-lab.ts";
import type { DaemonLife } from "../live/support/daemon-life.ts";
import { type KillPoint, tellPoint } from "../live/support/kill-point.ts";
import { factsOf, isOver } from "../live/support/restored.ts";
import type { Scenario } from "./scenario.ts";

/** A daemon that carries out a scenario's plan, and the point at which something happens to it. */
export interface Meeting {
  readonly scenario: Scenario;
  readonly first: DaemonLife;
  readonly point: KillPoint;
}

/** What can happen to a daemon at a point. */
export interface Way {
  readonly name: "killed" | "power cut" | "disk full" | "suspended";
  /** Whether a plan may be given up before it changed anything. */
  readonly mayCancel: boolean;
  /** Whether the application and the state folder must lie on a volume of their own. */
  readonly needsVolume: boolean;
  /** The point, with what happens there. */
  readonly strike: (lab: CrashLab, point: KillPoint) => KillPoint;
  /** Lets it happen, until a daemon may go on: the first one where it still lives, else another. Returns what went wrong meanwhile. */
  readonly meet: (lab: CrashLab, meeting: Meeting) => Promise<readonly string[]>;
}

const LIMIT_MS = 60_000;
/** How long the disk stays full when the daemon neither ends nor gets on. */
const FULL_MS = 10_000;

/** `kill -9`. */
export const killed: Way = {
  name: "killed",
  mayCancel: false,
  needsVolume: false,
  strike: (_lab, point) => point,
  meet: async (lab, meeting) => {
    await untilDead(lab, meeting);
    return [];
  },
};

/** `kill -9`, and the power of the disk and of everything else is cut: what was not synced is lost, and pm2 comes back from its dump. */
export const powerCut: Way = {
  name: "power cut",
  mayCancel: false,
  needsVolume: true,
  strike: (_lab, point) => point,
  meet: async (lab, meeting) => {
    await untilDead(lab, meeting);
    await lab.volume?.cutPower();
    await lab.app.pm2.kill();
    await lab.volume?.comeBack();
    await lab.app.pm2.command(["resurrect"], "/");
    return [];
  },
};

/** The disk of the application and the state folder is full from here on, until somebody makes room. */
export const diskFull: Way = {
  name: "disk full",
  mayCancel: true,
  needsVolume: true,
  strike: (lab, point) => ({ ...point, filler: filler(lab) }),
  meet: async (lab, { first, point }) => {
    await untilFull(lab, first, point);
    const over = lab.until(isOver, "it ends", first).catch(() => undefined);
    await Promise.race([first.ended, over, sleep(FULL_MS)]);
    await rm(filler(lab));
    return [];
  },
};

/** It is suspended; another daemon, with a state folder of its own, wants the same meanwhile; then it wakes. */
export const suspended: Way = {
  name: "suspended",
  mayCancel: false,
  needsVolume: false,
  strike: (_lab, point) => ({ ...point, signal: "SIGSTOP" }),
  meet: async (lab, meeting) => {
    await untilStopped(meeting.first, meeting.point);
    const problems = await anotherTries(lab, meeting.scenario);
    meeting.first.send("SIGCONT");
    return problems;
  },
};

function filler({ volume }: CrashLab): string {
  return join(volume?.folder ?? "/dev/null", "filler");
}

async function untilDead(lab: CrashLab, { first, point }: Meeting): Promise<void> {
  const ending = await Promise.race([
    first.ended,
    lab.until(isOver, "it ends", first).then(
      () => undefined,
      async () => first.ended,
    ),
  ]);
  if (ending?.signal !== point.signal) {
    throw new Error(`the daemon passed ${tellPoint(point)}\n${first.output()}`);
  }
}

async function untilStopped(first: DaemonLife, point: KillPoint): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!/^\d+ \(.*\) T /su.test(await readFile(`/proc/${first.pid}/stat`, "utf8"))) {
    if (limit.aborted) {
      throw new Error(`the daemon passed ${tellPoint(point)}\n${first.output()}`);
    }
    await sleep(20);
  }
}

async function untilFull(lab: CrashLab, first: DaemonLife, point: KillPoint): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const file = filler(lab);
  while ((await readFile(file).catch(() => undefined)) === undefined) {
    if (limit.aborted) {
      throw new Error(`the daemon passed ${tellPoint(point)}\n${first.output()}`);
    }
    await sleep(20);
  }
}

async function anotherTries(lab: CrashLab, scenario: Scenario): Promise<readonly string[]> {
  const { configuration, state } = await lab.secondConfiguration();
  const second = lab.start(undefined, configuration);
  await second.ready;
  const isAccepted = await scenario.askBeside(lab, state).then(
    () => true,
    (error: unknown) => !(error instanceof Failure),
  );
  // What it accepted waits until the first one lets go of the lock.
  const isWaiting = !isAccepted || (await says(second, "the recovery waits for its lock"));
  const entries = await lab.entries(state);
  await endCleanly(second);
  await rm(state, { recursive: true });
  const began = factsOf(entries, "recovery-started").length;
  return [
    ...(isWaiting ? [] : ["the second daemon neither refused nor waited"]),
    ...(began === 0 ? [] : ["the second daemon began a recovery beside the first"]),
  ];
}

async function says(daemon: DaemonLife, text: string): Promise<boolean> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!limit.aborted && !daemon.everything().includes(text)) {
    await sleep(20);
  }
  return daemon.everything().includes(text);
}
