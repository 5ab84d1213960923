import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { faultsOf, resultOf } from "../demo/result.ts";
import { type Cluster, startCluster } from "../lab/cluster.ts";
import { beginFault } from "../lab/faults.ts";
import type { Lab } from "../lab/lab.ts";
import { startLoad } from "../lab/load.ts";
import { type RadiationSystem, startRadiationSystem } from "../lab/radiation-system.ts";
import { rehearse } from "../lab/rehearsal.ts";
import { findRelease } from "../lab/releases.ts";
import type { Case } from "./recovery-cases.ts";
import { prepareByRunbook, restartByHand, rollBackByRunbook } from "./runbook.ts";

/** One recovery by rollwatch; seconds from the bad release's first process, or from the beginning of the fault. */
export interface RollwatchRound {
  readonly toBreach: number;
  readonly toDecision: number;
  readonly toRestored: number;
  readonly toVerified: number;
  /** Requests that failed until the end of the proof. */
  readonly failed: number;
  /** The signals that proved the breach. */
  readonly signals: readonly string[];
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** One recovery by the runbook's commands, begun as long after the same beginning as rollwatch decided. */
export interface RunbookRound {
  readonly begun: number;
  readonly toRestored: number;
  /** Requests that failed until five seconds after the recovery. */
  readonly failed: number;
  readonly load: number;
}

/** A release must be healthy this long to be proven; nothing of it is measured. */
const BAKE = "20s";
/** Requests keep coming this long after the system is back, so that a relapse would show. */
const AFTERWARDS_MS = 5000;

/** Has rollwatch recover from one fault, from an empty machine; throws when it does not come to the right end. */
export async function roundOfRollwatch(lab: Lab, measured: Case): Promise<RollwatchRound> {
  const release = await findRelease(measured.fault);
  const script = {
    release,
    bake: BAKE,
    installWith: "npm",
    dependencies: measured.dependencies,
    killDaemon: false,
  } as const;
  const rehearsal = await rehearse(lab, script, () => undefined);
  const result = resultOf(release, rehearsal);
  const wrong = faultsOf(release, result);
  const { toBreach, toDecision, toRestored, toVerified } = result.seconds;
  if (toBreach === null || toDecision === null || toRestored === null || toVerified === null) {
    throw new Error(`not recovered: ${wrong.join("; ")} ${JSON.stringify(result.seconds)}`);
  }
  if (wrong.length > 0) {
    throw new Error(`not the right end: ${wrong.join("; ")}`);
  }
  const signals = rehearsal.entries.flatMap(({ fact }) =>
    fact.kind === "incident-opened" ? fact.signals : [],
  );
  const { failed } = result.requests;
  return { toBreach, toDecision, toRestored, toVerified, failed, signals, load: loadOfMachine() };
}

/** What a round of the runbook's is about, once it has begun. */
interface Trouble {
  /** ms since the epoch. */
  readonly beganAt: number;
  /** Recovers from it; returns when the system serves again, ms since the epoch. */
  readonly cure: () => Promise<number>;
}

/** Recovers from the same fault by the runbook's commands, without rollwatch. */
export async function roundOfRunbook(
  lab: Lab,
  measured: Case,
  begun: number,
): Promise<RunbookRound> {
  const cluster = await startCluster(lab);
  const system = await startRadiationSystem(lab, cluster, measured.dependencies);
  const begin = await prepare(lab, { cluster, system }, measured);
  const load = startLoad(system.api);
  lab.onEnd("load", async () => {
    await load.stop();
  });
  const { beganAt, cure } = await begin();
  await sleep(Math.max(0, beganAt + begun * 1000 - Date.now()));
  const restoredAt = await cure();
  await sleep(AFTERWARDS_MS);
  const { failed } = await load.stop();
  return { begun, toRestored: (restoredAt - beganAt) / 1000, failed, load: loadOfMachine() };
}

/** Does what comes before the trouble, and returns what begins it. */
async function prepare(
  lab: Lab,
  victim: { readonly cluster: Cluster; readonly system: RadiationSystem },
  { fault, cure }: Case,
): Promise<() => Promise<Trouble>> {
  const { system } = victim;
  if (cure.kind === "rollback") {
    const preparation = await prepareByRunbook(lab, system);
    return async () => {
      const { firstProcessAt } = await system.deploy(fault, "npm");
      return {
        beganAt: firstProcessAt,
        cure: async () => rollBackByRunbook(system, preparation, cure.reinstall),
      };
    };
  }
  const { fault: outside } = await findRelease(fault);
  if (outside === undefined) {
    throw new Error(`${fault} is no fault from outside`);
  }
  return async () => {
    const begunFault = await beginFault(outside.kind, victim);
    lab.onEnd("fault", async () => begunFault.end());
    return {
      beganAt: begunFault.beganAt,
      cure: async () => restartByHand(system, cure.service, begunFault),
    };
  };
}

function loadOfMachine(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
