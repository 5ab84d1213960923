import type { Entry } from "../src/model/facts.ts";
import type { Trigger } from "../src/model/trigger.ts";
import { approve, askedFor } from "./approval.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { follow, type Follower } from "./follower.ts";
import { openJournalReader, type JournalReader } from "./journal-reader.ts";
import type { Lab } from "./lab.ts";
import { type LoadResult, startLoad } from "./load.ts";
import { type Condition, isActing, isClosed, isOffered, isProven } from "./milestones.ts";
import { type Mishap, startMishap } from "./mishap.ts";
import { openPretendedHost, type PretendedHost } from "./pretended-host.ts";
import { send } from "./processes.ts";
import { type Deployment, type RadiationSystem, startRadiationSystem } from "./radiation-system.ts";
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
  /** Whether people approve what waits for them; else the story ends there. Default false. */
  readonly approve?: boolean;
  /** What is changed in rollwatch's configuration beside addresses, paths and the bake time. Default nothing. */
  readonly adapt?: (configuration: string) => string;
}

/** What happens in a rehearsal, as it happens. */
export type Scene =
  | { readonly kind: "cluster-started"; readonly cluster: Cluster }
  | { readonly kind: "system-started"; readonly system: RadiationSystem }
  | { readonly kind: "watching"; readonly watcher: Watcher }
  | { readonly kind: "warm" }
  | { readonly kind: "deploying"; readonly release: ExampleRelease }
  | { readonly kind: "deployed"; readonly deployment: Deployment }
  | { readonly kind: "fault-began"; readonly release: ExampleRelease; readonly at: number }
  | { readonly kind: "fault-ended"; readonly at: number }
  | { readonly kind: "reported"; readonly trigger: Trigger; readonly reason: string }
  | { readonly kind: "fact"; readonly entry: Entry }
  | { readonly kind: "notice"; readonly notice: Delivered }
  | { readonly kind: "daemon-killed"; readonly pid: number }
  | { readonly kind: "served-again"; readonly at: number; readonly isRestart: boolean };

/** Everything that a rehearsal showed. */
export interface Rehearsal {
  /** What was deployed; null when the fault came from outside. */
  readonly deployment: Deployment | null;
  /** The deployment's first process, or the moment when the fault from outside began; ms since the epoch. */
  readonly beganAt: number;
  /** The journal from there to the end. */
  readonly entries: readonly Entry[];
  /** When the system served well again after what rollwatch did, as the lab saw it; undefined when it did not. */
  readonly servedAgainAt: number | undefined;
  readonly load: LoadResult;
}

/** A machine that is busy with other things makes rollwatch doubt its own eyes, and begin the bake time anew. */
const PROOF_LIMIT_MS = 300_000;
const OUTCOME_LIMIT_MS = 8 * 60_000;

/**
 * Plays one deployment, or one fault without any, from an empty machine to the end of its story: starts everything, has
 * rollwatch prove the good release, deploys the script's release under load or begins its fault, and follows rollwatch's
 * journal until the incident is closed, waits for people who do not come, or the new release is proven.
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
  const { bake, adapt = (text) => text } = script;
  const isPretending = script.release.fault?.kind === "fill-host";
  const host = isPretending ? await openPretendedHost(lab) : undefined;
  const watcher = await startWatcher(lab, system, { bake, webhook, adapt, host: host?.root });
  show({ kind: "watching", watcher });
  const journal = await journalOf(lab, watcher);
  const follower = follow(
    { watcher, journal, webhook },
    {
      onFact: (entry) => show({ kind: "fact", entry }),
      onNotice: (notice) => show({ kind: "notice", notice }),
    },
  );
  const usual = startLoad(system.api);
  lab.onEnd("usual load", async () => {
    await usual.stop();
  });
  await follower.until(isProven(), "the good release is proven", PROOF_LIMIT_MS);
  await usual.stop();
  if (script.release.trigger === "data-corruption") {
    await watcher.untilWarm();
    show({ kind: "warm" });
  }
  return perform({ lab, script, cluster, system, watcher, follower, host }, show);
}

/** Where a rehearsal takes place. */
export interface Stage {
  readonly lab: Lab;
  readonly script: Script;
  readonly cluster: Cluster;
  readonly system: RadiationSystem;
  readonly watcher: Watcher;
  readonly follower: Follower;
  /** Present where the fault is one of the machine. */
  readonly host: PretendedHost | undefined;
}

async function perform(stage: Stage, show: (scene: Scene) => void): Promise<Rehearsal> {
  const { lab, script, system, follower } = stage;
  const before = follower.entries().length;
  const load = startLoad(system.api);
  lab.onEnd("load", async () => {
    await load.stop();
  });
  const mishap = await startMishap(stage, show);
  const stopping = new AbortController();
  const served = quietly(mishap.servedAgain(stopping.signal), stopping.signal);
  const others = [
    mishap.unfold(stopping.signal),
    ...(script.killDaemon ? [killDaemon(stage, stopping.signal, show)] : []),
    ...(script.approve === true ? [approveWhenAsked(stage, stopping.signal)] : []),
  ].map(async (one) => quietly(one, stopping.signal));
  const done = follower.until(
    isOver(script, mishap),
    "rollwatch is done with it",
    OUTCOME_LIMIT_MS,
    before,
  );
  done.catch(() => undefined);
  try {
    // What goes wrong beside it ends the rehearsal at once; what ends well beside it does not.
    await Promise.race([done, neverUnlessItFails([served, ...others])]);
  } finally {
    stopping.abort();
    await Promise.allSettled([...others, served]);
    await mishap.end();
  }
  return {
    deployment: mishap.deployment,
    beganAt: mishap.beganAt,
    entries: follower.entries().slice(before),
    servedAgainAt: await served,
    load: await load.stop(),
  };
}

function isOver(script: Script, { deployment }: Mishap): Condition {
  const isProvenNow = deployment === null ? () => false : isProven(deployment.commit);
  const isToldAll = script.release.trigger === "data-corruption" ? isOffered : () => true;
  return (entries) =>
    (isClosed(entries) && isToldAll(entries)) ||
    isProvenNow(entries) ||
    (script.approve !== true && askedFor(entries) !== undefined);
}

/** What was waited for in vain because the story is over is no failure. */
async function quietly<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) {
      return undefined;
    }
    throw error;
  }
}

async function neverUnlessItFails(works: readonly Promise<unknown>[]): Promise<never> {
  await Promise.all(works);
  return new Promise(() => undefined);
}

async function approveWhenAsked({ watcher, follower }: Stage, signal: AbortSignal): Promise<void> {
  await follower.seen((entries) => askedFor(entries) !== undefined, signal);
  const asked = askedFor(follower.entries());
  if (asked !== undefined) {
    await approve(watcher, asked);
  }
}

async function killDaemon(
  { watcher, follower }: Stage,
  signal: AbortSignal,
  show: (scene: Scene) => void,
): Promise<void> {
  const pid = await watcher.pid();
  await follower.seen(isActing, signal);
  if (pid !== undefined) {
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
