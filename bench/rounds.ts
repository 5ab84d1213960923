import { setTimeout as sleep } from "node:timers/promises";
import { resultOf } from "../demo/result.ts";
import { startCluster } from "../lab/cluster.ts";
import type { Lab } from "../lab/lab.ts";
import { startLoad } from "../lab/load.ts";
import { startRadiationSystem } from "../lab/radiation-system.ts";
import type { Dependencies } from "../lab/repository.ts";
import { rehearse } from "../lab/rehearsal.ts";
import { findRelease } from "../lab/releases.ts";
import { prepareByRunbook, rollBackByRunbook } from "./runbook.ts";

/** What is measured: a bad release, and whether its dependencies differ from the good one's. */
export interface Case {
  readonly name: string;
  readonly fault: string;
  readonly reinstall: boolean;
  readonly dependencies: Dependencies;
}

/** One rollback by rollwatch; seconds from the bad release's first process. */
export interface RollwatchRound {
  readonly toBreach: number;
  readonly toDecision: number;
  readonly toRestored: number;
  readonly toVerified: number;
  readonly failed: number;
}

/** One rollback by the runbook's commands, begun as long after the bad release's first process as rollwatch decided. */
export interface RunbookRound {
  readonly begun: number;
  readonly toRestored: number;
  readonly failed: number;
}

/** A release must be healthy this long to be proven; nothing of it is measured. */
const BAKE = "10s";
/** Requests keep coming this long after the good release is back, so that a relapse would show. */
const AFTERWARDS_MS = 5000;

/** Rolls one bad release back by rollwatch, from an empty machine. */
export async function roundOfRollwatch(lab: Lab, measured: Case): Promise<RollwatchRound> {
  const release = await findRelease(measured.fault);
  const script = {
    release,
    bake: BAKE,
    installWith: "npm",
    dependencies: measured.dependencies,
    killDaemon: false,
  } as const;
  const result = resultOf(release, await rehearse(lab, script, () => undefined));
  const { toBreach, toDecision, toRestored, toVerified } = result.seconds;
  if (toBreach === null || toDecision === null || toRestored === null || toVerified === null) {
    throw new Error(`${measured.fault} was not rolled back: ${JSON.stringify(result)}`);
  }
  return { toBreach, toDecision, toRestored, toVerified, failed: result.requests.failed };
}

/** Rolls the same release back by the runbook's commands, without rollwatch. */
export async function roundOfRunbook(
  lab: Lab,
  measured: Case,
  begun: number,
): Promise<RunbookRound> {
  const system = await startRadiationSystem(lab, await startCluster(lab), measured.dependencies);
  const preparation = await prepareByRunbook(lab, system);
  const load = startLoad(system.api);
  lab.onEnd("load", async () => {
    await load.stop();
  });
  const { firstProcessAt } = await system.deploy(measured.fault, "npm");
  await sleep(Math.max(0, firstProcessAt + begun * 1000 - Date.now()));
  const restoredAt = await rollBackByRunbook(system, preparation, measured.reinstall);
  await sleep(AFTERWARDS_MS);
  const { failed } = await load.stop();
  return { begun, toRestored: (restoredAt - firstProcessAt) / 1000, failed };
}
