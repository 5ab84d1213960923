import type { Entry } from "../src/model/facts.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { follow, type Follower } from "./follower.ts";
import { untilServing } from "./health.ts";
import { openJournalReader, type JournalReader } from "./journal-reader.ts";
import type { Lab } from "./lab.ts";
import { type LoadResult, startLoad } from "./load.ts";
import { isActing, isClosed, isProven } from "./milestones.ts";
import { send } from "./processes.ts";
import {
  type Deployment,
  GOOD_RELEASE,
  type RadiationSystem,
  startRadiationSystem,
} from "./radiation-system.ts";
import type { Dependencies } from "./repository.ts";
import type { ExampleRelease } from "./releases.ts";
import { startWatcher, type Watcher } from "./watcher.ts";
import { type Delivered, startWebhookReceiver } from "./webhook-receiver.ts";

/** What is rehearsed. */
export interface Script {
  readonly release: ExampleRelease;
  readonly bake: string;
  /** How dependencies come in the deployment. */
  readonly installWith: "cache" | "npm";
  /** How many dependencies the releases have. */
  readonly dependencies: Dependencies;
  /** Whether the daemon is killed, as by `kill -9`, at the first step that the application feels. */
  readonly killDaemon: boolean;
}

/** What happens in a rehearsal, as it happens. */
export type Scene =
  | { readonly kind: "cluster-started"; readonly cluster: Cluster }
  | { readonly kind: "system-started"; readonly system: RadiationSystem }
  | { readonly kind: "watching"; readonly watcher: Watcher }
  | { readonly kind: "deploying"; readonly release: ExampleRelease }
  | { readonly kind: "deployed"; readonly deployment: Deployment }
  | { readonly kind: "fact"; readonly entry: Entry }
  | { readonly kind: "notice"; readonly notice: Delivered }
  | { readonly kind: "daemon-killed"; readonly pid: number }
  | { readonly kind: "served-again"; readonly at: number };

/** Everything that a rehearsal showed. */
export interface Rehearsal {
  readonly deployment: Deployment;
  /** The journal from the deployment to the end. */
  readonly entries: readonly Entry[];
  /** When the good release was served again, as the lab saw it; undefined when it did not come back. */
  readonly servedAgainAt: number | undefined;
  readonly load: LoadResult;
}

const PROOF_LIMIT_MS = 120_000;
const OUTCOME_LIMIT_MS = 6 * 60_000;

/**
 * Plays one deployment from an empty machine to the end of its story: starts everything, has rollwatch prove the good
 * release, deploys the script's release under load, and follows rollwatch's journal until the incident is closed or the new
 * release is proven.
 */
export async function rehearse(
  lab: Lab,
  script: Script,
  show: (scene: Scene) => void,
): Promise<Rehearsal> {
  const cluster = await startCluster(lab);
  show({ kind: "cluster-started", cluster });
  const system = await startRadiationSystem(lab, cluster, script.dependencies);
  show({ kind: "system-started", system });
  const webhook = await startWebhookReceiver(lab);
  const watcher = await startWatcher(lab, system, { bake: script.bake, webhook });
  show({ kind: "watching", watcher });
  const journal = await journalOf(lab, watcher);
  const follower = follow(
    { watcher, journal, webhook },
    {
      onFact: (entry) => show({ kind: "fact", entry }),
      onNotice: (notice) => show({ kind: "notice", notice }),
    },
  );
  await follower.until(isProven(), "the good release is proven", PROOF_LIMIT_MS);
  return perform({ lab, script, system, watcher }, follower, show);
}

interface Stage {
  readonly lab: Lab;
  readonly script: Script;
  readonly system: RadiationSystem;
  readonly watcher: Watcher;
}

async function perform(
  { lab, script, system, watcher }: Stage,
  follower: Follower,
  show: (scene: Scene) => void,
): Promise<Rehearsal> {
  const before = follower.entries().length;
  const load = startLoad(system.api);
  lab.onEnd("load", async () => {
    await load.stop();
  });
  show({ kind: "deploying", release: script.release });
  const deployment = await system.deploy(script.release.id, script.installWith);
  show({ kind: "deployed", deployment });
  const stopping = new AbortController();
  const back = servedAgain(system, follower, stopping.signal, show);
  const killing = script.killDaemon
    ? killDaemon(watcher, follower, stopping.signal, show)
    : undefined;
  try {
    const isProvenNow = isProven(deployment.commit);
    await follower.until(
      (entries) => isClosed(entries) || isProvenNow(entries),
      "rollwatch is done with the release",
      OUTCOME_LIMIT_MS,
      before,
    );
  } finally {
    stopping.abort();
    await killing;
  }
  return {
    deployment,
    entries: follower.entries().slice(before),
    servedAgainAt: await back,
    load: await load.stop(),
  };
}

async function servedAgain(
  system: RadiationSystem,
  follower: Follower,
  signal: AbortSignal,
  show: (scene: Scene) => void,
): Promise<number | undefined> {
  try {
    await follower.seen(isActing, signal);
    const at = await untilServing(system.api, GOOD_RELEASE, signal);
    show({ kind: "served-again", at });
    return at;
  } catch (error) {
    if (signal.aborted) {
      return undefined;
    }
    throw error;
  }
}

async function killDaemon(
  watcher: Watcher,
  follower: Follower,
  signal: AbortSignal,
  show: (scene: Scene) => void,
): Promise<void> {
  const pid = await watcher.pid();
  await follower.seen(isActing, signal).catch(() => undefined);
  if (pid !== undefined && !signal.aborted) {
    send(pid, "SIGKILL");
    show({ kind: "daemon-killed", pid });
  }
}

async function journalOf(lab: Lab, watcher: Watcher): Promise<JournalReader> {
  const journal = await openJournalReader(watcher.state);
  if (journal === undefined) {
    throw new Error(`rollwatch is ready but has no journal in ${watcher.state}`);
  }
  lab.onEnd("journal reader", async () => {
    journal.close();
  });
  return journal;
}
