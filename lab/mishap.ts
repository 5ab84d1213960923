import { setTimeout as sleep } from "node:timers/promises";
import type { FaultKind } from "./fault-kind.ts";
import { beginFault, type Fault } from "./faults.ts";
import { startsOf } from "./first-start.ts";
import { untilServing } from "./health.ts";
import { isActing, isOpened } from "./milestones.ts";
import { type Deployment, GOOD_RELEASE } from "./radiation-system.ts";
import type { Scene, Stage } from "./rehearsal.ts";
import { reportByHand } from "./report.ts";
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
const SERVE_LIMIT_MS = 30_000;
/** A new release has served this long when a fault from outside begins, or a person sees what is wrong with it. */
const SERVED_MS = 5000;

/** Deploys the script's release, or begins its fault. */
export async function startMishap(stage: Stage, show: Show): Promise<Mishap> {
  const { change, fault } = stage.script.release;
  if (change === "none" && fault !== undefined) {
    return befallen(stage, { kind: fault.kind, deployment: null }, show);
  }
  const deployment = await deploy(stage, show);
  if (fault === undefined) {
    return deployed(stage, deployment, show);
  }
  const { script, system } = stage;
  await untilServing(system.api, `v${script.release.version}`, AbortSignal.timeout(SERVE_LIMIT_MS));
  await sleep(SERVED_MS);
  return befallen(stage, { kind: fault.kind, deployment }, show);
}

async function deploy({ script, system }: Stage, show: Show): Promise<Deployment> {
  show({ kind: "deploying", release: script.release });
  const deployment = await system.deploy(script.release.id, script.installWith);
  show({ kind: "deployed", deployment });
  return deployment;
}

async function deployed(stage: Stage, deployment: Deployment, show: Show): Promise<Mishap> {
  const { script, system, follower } = stage;
  return {
    deployment,
    beganAt: deployment.firstProcessAt,
    async unfold(signal) {
      const { report, trigger, version } = script.release;
      if (report !== undefined && trigger !== null) {
        await untilServing(system.api, `v${version}`, signal);
        await sleep(SERVED_MS, undefined, { signal });
        show({ kind: "reported", trigger, reason: report });
        await reportByHand(stage.watcher, trigger, report);
      }
    },
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
  { kind, deployment }: { readonly kind: FaultKind; readonly deployment: Deployment | null },
  show: Show,
): Promise<Mishap> {
  const { lab, script, system, follower } = stage;
  const before = await startsOf(system.pm2);
  const fault = await beginFault(kind, stage);
  lab.onEnd("fault", async () => fault.end());
  show({ kind: "fault-began", release: script.release, at: fault.beganAt });
  return {
    deployment,
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
