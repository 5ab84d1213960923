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
import { openUnheard } from "./unheard.ts";

/** A failed capture is tried again after this time. */
const RETRY_MS = 60_000;
/** A lag of rollwatch itself leaves its signals without an answer for seconds: up to this time that only stops the clock. */
const BLIND_MS = 30_000;
/** A release that goes on being healthy is noted as proven again after this time: its proof must not grow old. */
const PROVE_AGAIN_MS = 24 * 60 * 60_000;

/**
 * Proves the deployed release: once its identity has stood for the bake time with every signal ok, it is captured beside
 * the running loop, and is then a release one can go back to.
 *
 * States: nothing -> baking (all well) -> capturing (bake time over) -> proven; anything bad or changed -> nothing. While a
 * signal has no answer, the bake time stands still; when that lasts, or began with nothing -> nothing.
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
  /** As it was at first. */
  readonly identity: Identity;
  /** As it was seen last, with what was not known at first. */
  readonly newest: Identity;
  /** When it would have begun if rollwatch had not been blind in between. */
  readonly since: number;
  /** The last look at which every signal was well. */
  readonly wellAt: number;
  /** Whether a signal has had no answer since then. */
  readonly isBlind: boolean;
}

/** What a look at the application shows. */
interface Look {
  readonly verdict: Verdict;
  readonly signals: readonly Signal[];
  readonly identity: Identity | undefined;
  /** Signals whose silence says nothing. */
  readonly unheard: ReadonlySet<string>;
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
  const unheard = openUnheard(daemon);

  function look(verdict: Verdict, signal: AbortSignal): void {
    const identity = daemon.surroundings.identity()?.value;
    // The dearest part of a look, and it is looked at each new sample.
    const signals = signalsNow(daemon);
    tellBlind(signals);
    const before = baking;
    baking = bakes(daemon, { verdict, signals, identity, unheard: unheard() }, before);
    provenUntil = isSameBake(before, baking) ? provenUntil : 0;
    if (!isSameBake(before, baking) || baking?.isBlind === true) {
      work?.child.abort();
    } else if (baking !== undefined && work === undefined) {
      beginWhenDue(baking, signal);
    }
  }

  function beginWhenDue({ since, newest }: Baking, signal: AbortSignal): void {
    const dueAt = Math.max(since + daemon.config.release.bake, retryAt, provenUntil);
    if (clock.monotonic() >= dueAt && isComplete(daemon, newest)) {
      const child = childOf(signal);
      work = { child, done: capture(newest, child) };
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
function bakes(daemon: Daemon, look: Look, baking: Baking | undefined): Baking | undefined {
  const { identity, verdict, signals, unheard } = look;
  if (identity === undefined || !isCalm(daemon, verdict)) {
    return undefined;
  }
  const now = daemon.world.clock.monotonic();
  const before = goesOn(baking, identity, now) ? baking : undefined;
  if (!signals.every((one) => isWell(one) || isSilent(one, unheard))) {
    return before === undefined ? undefined : { ...before, isBlind: true };
  }
  if (before === undefined) {
    return { identity, newest: identity, since: now, wellAt: now, isBlind: false };
  }
  const lostMs = before.isBlind ? now - before.wellAt : 0;
  const since = before.since + lostMs;
  return { ...before, newest: identity, since, wellAt: now, isBlind: false };
}

/** Whether the same release bakes on, blind for no longer than it may be. */
function goesOn(baking: Baking | undefined, identity: Identity, now: number): baking is Baking {
  return (
    baking !== undefined &&
    (!baking.isBlind || now - baking.wellAt <= BLIND_MS) &&
    compareIdentity(baking.identity, identity).parts.length === 0
  );
}

function isSameBake(one: Baking | undefined, other: Baking | undefined): boolean {
  return one?.identity === other?.identity;
}

/** Other programs may have had nothing to tell. */
function isSilent({ name, state }: Signal, unheard: ReadonlySet<string>): boolean {
  return state === "probe-error" && unheard.has(name);
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

/** Nothing is bad, and nothing was stopped or is being repaired. */
function isCalm(daemon: Daemon, verdict: Verdict): boolean {
  const { journal, surroundings } = daemon;
  const history = journal.history();
  return (
    verdict.kind === "healthy" &&
    openIncident(history) === undefined &&
    openRecovery(history) === undefined &&
    surroundings.daemon()?.kind === "alive" &&
    !surroundings.services().some(isStoppedByPerson) &&
    isRunningWhatIsDeployed(daemon)
  );
}
