import { messageOf } from "../model/failure.ts";
import { openIncident, openRecovery } from "../model/history.ts";
import type { Change, Identity, IdentityPart } from "../model/identity.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import { isWell, type Signal } from "../model/signal.ts";
import type { Verdict } from "../model/verdict.ts";
import { compareIdentity } from "../release/ledger.ts";
import { childOf, type Child } from "../system/abort.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { isOlderThan } from "./older-process.ts";
import { proveDeployed } from "./prove-deployed.ts";

/** A failed capture is tried again after this time. */
const RETRY_MS = 60_000;
/** A release that goes on being healthy is noted as proven again after this time: its proof must not grow old. */
const PROVE_AGAIN_MS = 24 * 60 * 60_000;

/**
 * Proves the deployed release: once its identity has stood for the bake time with every signal ok, it is captured beside
 * the running loop, and is then a release one can go back to.
 *
 * States: nothing -> baking (all well) -> capturing (bake time over) -> proven; anything bad, changed or unknown -> nothing.
 */
export interface Prover {
  /** One look; starts and stops work of its own, never waits for it. */
  look(verdict: Verdict, signal: AbortSignal): void;
  /** Stops a capture and waits until it is gone. */
  stop(): Promise<void>;
}

/** Parts that a process reads when it starts. */
const INSTALLED: ReadonlySet<IdentityPart> = new Set([
  "commit",
  "content",
  "lockfile",
  "configFiles",
]);

interface Baking {
  readonly identity: Identity;
  readonly since: number;
}

/** What a look at the application shows. */
interface Look {
  readonly verdict: Verdict;
  readonly signals: readonly Signal[];
  readonly identity: Identity | undefined;
}

interface Work {
  readonly child: Child;
  readonly done: Promise<void>;
}

/** A prover that has seen nothing yet: a restart of rollwatch begins the bake time anew. */
export function openProver(daemon: Daemon): Prover {
  const { clock } = daemon.world;
  let baking: Baking | undefined;
  let provenUntil = 0;
  let retryAt = 0;
  let work: Work | undefined;
  const tellBlind = blindTeller(daemon);

  function look(verdict: Verdict, signal: AbortSignal): void {
    const identity = daemon.surroundings.identity()?.value;
    // The dearest part of a look, and it is looked at each new sample.
    const signals = signalsNow(daemon);
    tellBlind(signals);
    const next = bakes(daemon, { verdict, signals, identity }, baking);
    if (next !== baking) {
      baking = next;
      provenUntil = 0;
      work?.child.abort();
    }
    if (baking !== undefined && identity !== undefined && work === undefined) {
      beginWhenDue(baking.since, identity, signal);
    }
  }

  function beginWhenDue(since: number, identity: Identity, signal: AbortSignal): void {
    const dueAt = Math.max(since + daemon.config.release.bake, retryAt, provenUntil);
    if (clock.monotonic() >= dueAt && isComplete(daemon, identity)) {
      const child = childOf(signal);
      work = { child, done: capture(identity, child) };
    }
  }

  async function capture(identity: Identity, child: Child): Promise<void> {
    try {
      const waitMs = await proveIfItRuns(daemon, identity, child.signal);
      provenUntil = child.signal.aborted ? 0 : clock.monotonic() + waitMs;
    } catch (error) {
      if (!child.signal.aborted) {
        retryAt = clock.monotonic() + RETRY_MS;
        daemon.log.error({ error: messageOf(error) }, "could not capture the proven release");
      }
    } finally {
      child.release();
      work = undefined;
    }
  }

  return {
    look,
    stop: async () => {
      work?.child.abort();
      await work?.done;
    },
  };
}

/** Says in the log which signals cannot be read for so long that they keep the release from its proof; each time once. */
function blindTeller(daemon: Daemon): (signals: readonly Signal[]) => void {
  let told: ReadonlySet<string> = new Set();
  return (signals) => {
    const since = daemon.world.clock.now() - daemon.config.release.bake;
    const blind = signals.filter((one) => one.state === "probe-error");
    const long = blind.filter((one) => one.since <= since || told.has(one.name));
    for (const { name, reason } of long.filter((one) => !told.has(one.name))) {
      daemon.log.warn({ signal: name, reason }, "no release is proven while a signal is blind");
    }
    told = new Set(long.map(({ name }) => name));
  };
}

/** What bakes after this look: the same as before, a new release from now on, or nothing. */
function bakes(
  daemon: Daemon,
  { verdict, signals, identity }: Look,
  baking: Baking | undefined,
): Baking | undefined {
  if (identity === undefined || !isAllWell(daemon, verdict, signals)) {
    return undefined;
  }
  const isSame =
    baking !== undefined && compareIdentity(baking.identity, identity).parts.length === 0;
  return isSame ? baking : { identity, since: daemon.world.clock.monotonic() };
}

/** A part that cannot be read right now would be missing from the capture, and from every rollback to it. */
function isComplete({ config }: Daemon, identity: Identity): boolean {
  const { commit, content, served, lockfile, configFiles, definitions, schema } = identity;
  const code = config.application.source === "git" ? commit : content;
  const parts = [code, lockfile, configFiles, definitions, schema];
  return (
    parts.every((part) => part !== undefined) &&
    (config.application.releaseIdFrom === undefined || served !== undefined)
  );
}

/** Proves what is deployed, unless something else runs; returns when to do it again, in ms. */
async function proveIfItRuns(
  daemon: Daemon,
  identity: Identity,
  signal: AbortSignal,
): Promise<number> {
  if (await isMovedUnseen(daemon, signal)) {
    daemon.log.warn("not proven: the code moved after the serving process was started");
    return RETRY_MS;
  }
  await proveDeployed(daemon, identity, signal);
  return PROVE_AGAIN_MS;
}

/** Whether the code moved on the disk before rollwatch first saw it, and after the serving process read it. */
async function isMovedUnseen(daemon: Daemon, signal: AbortSignal): Promise<boolean> {
  const { config, world } = daemon;
  const { source, root } = config.application;
  const server = serverOf(daemon);
  if (source !== "git" || server === undefined || lastInstalled(daemon) !== undefined) {
    return false;
  }
  const movedAt = await world.git.headMovedAt(root, signal);
  return movedAt !== null && isOlderThan(server, movedAt);
}

function serverOf({ config, surroundings }: Daemon): Service | undefined {
  const { serving, services } = config.application;
  const name = serving ?? services[0]?.name;
  return surroundings.services().find((service) => service.name === name);
}

function lastInstalled({ journal }: Daemon): Change | undefined {
  return journal.history().changes.findLast((one) => one.parts.some((part) => INSTALLED.has(part)));
}

/** What lies on the disk is what runs: the serving processes were started after the code or its configuration last changed. */
function isRunningWhatIsDeployed(daemon: Daemon): boolean {
  const change = lastInstalled(daemon);
  const server = serverOf(daemon);
  return (
    change === undefined ||
    (server?.instances ?? []).every((one) => one.pid === 0 || one.startedAt >= change.after)
  );
}

/** Everything is known and good, and nothing was stopped or is being repaired. */
function isAllWell(daemon: Daemon, verdict: Verdict, signals: readonly Signal[]): boolean {
  const { journal, surroundings, rules } = daemon;
  const history = journal.history();
  // Other programs may have had nothing to tell; their silence speaks neither for a release nor against it.
  const told = new Set(rules.filter((one) => one.evidence === "webhook").map((one) => one.name));
  return (
    verdict.kind === "healthy" &&
    signals.every((one) => isWell(one) || (told.has(one.name) && one.state === "probe-error")) &&
    openIncident(history) === undefined &&
    openRecovery(history) === undefined &&
    surroundings.daemon()?.kind === "alive" &&
    !surroundings.services().some(isStoppedByPerson) &&
    isRunningWhatIsDeployed(daemon)
  );
}
