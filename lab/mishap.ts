import { setTimeout as sleep } from "node:timers/promises";
import { beginFault, type Fault } from "./faults.ts";
import { startsOf } from "./first-start.ts";
import { untilServing } from "./health.ts";
import { isActing, isOpened } from "./milestones.ts";
import { type Deployment, GOOD_RELEASE } from "./radiation-system.ts";
import type { Scene, Stage } from "./rehearsal.ts";
import { untilRestarted } from "./restart.ts";

/** What a rehearsal is about: a deployment, or a fault from outside. */
export interface Mishap {
  readonly deployment: Deployment | null;
  /** ms since the epoch. */
  readonly beganAt: number;
  /** What happens by itself later. */
  unfold(signal: AbortSignal): Promise<void>;
  /** When the system serves well again after rollwatch began to act, ms since the epoch. */
  servedAgain(signal: AbortSignal): Promise<number>;
  /** Takes back what came from outside. */
  end(): Promise<void>;
}

type Show = (scene: Scene) => void;

/** A fault that rollwatch can do nothing about goes on this long after it was noticed. */
const NOTICED_MS = 15_000;

/** Deploys the script's release, or begins its fault. */
export async function startMishap(stage: Stage, show: Show): Promise<Mishap> {
  const { fault } = stage.script.release;
  return fault === undefined ? deployed(stage, show) : befallen(stage, fault.kind, show);
}

async function deployed({ script, system, follower }: Stage, show: Show): Promise<Mishap> {
  show({ kind: "deploying", release: script.release });
  const deployment = await system.deploy(script.release.id, script.installWith);
  show({ kind: "deployed", deployment });
  return {
    deployment,
    beganAt: deployment.firstProcessAt,
    async unfold() {},
    async servedAgain(signal) {
      await follower.seen(isActing, signal);
      const at = await untilServing(system.api, GOOD_RELEASE, signal);
      show({ kind: "served-again", at, isRestart: false });
      return at;
    },
    async end() {},
  };
}

async function befallen(
  stage: Stage,
  kind: Parameters<typeof beginFault>[0],
  show: Show,
): Promise<Mishap> {
  const { lab, script, system, follower } = stage;
  const before = await startsOf(system.pm2);
  const fault = await beginFault(kind, stage);
  lab.onEnd("fault", async () => fault.end());
  show({ kind: "fault-began", release: script.release, at: fault.beganAt });
  return {
    deployment: null,
    beganAt: fault.beganAt,
    async unfold(signal) {
      await untilItPasses(stage, signal);
      await endFault(fault, show);
    },
    async servedAgain(signal) {
      await follower.seen(isActing, signal);
      const at = await untilRestarted(system, before, signal);
      show({ kind: "served-again", at, isRestart: true });
      return at;
    },
    async end() {
      await fault.end();
    },
  };
}

/** A fault that a restart cures ends with it; any other goes on until people have seen that nothing is done about it. */
async function untilItPasses({ script, follower }: Stage, signal: AbortSignal): Promise<void> {
  if (script.release.right.outcome === "serviced") {
    await follower.seen(isActing, signal);
    return;
  }
  await follower.seen(isOpened, signal);
  await sleep(NOTICED_MS, undefined, { signal });
}

async function endFault(fault: Fault, show: Show): Promise<void> {
  await fault.end();
  show({ kind: "fault-ended", at: Date.now() });
}
