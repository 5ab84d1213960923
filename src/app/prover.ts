import { messageOf } from "../model/failure.ts";
import { openIncident, openRecovery } from "../model/history.ts";
import type { Identity } from "../model/identity.ts";
import { isStoppedByPerson } from "../model/service.ts";
import type { Verdict } from "../model/verdict.ts";
import { compareIdentity } from "../release/ledger.ts";
import { childOf, type Child } from "../system/abort.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { proveDeployed } from "./prove-deployed.ts";

/** A failed capture is tried again after this time. */
const RETRY_MS = 60_000;

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

interface Baking {
  readonly identity: Identity;
  readonly since: number;
}

interface Work {
  readonly child: Child;
  readonly done: Promise<void>;
}

/** A prover that has seen nothing yet: a restart of rollwatch begins the bake time anew. */
export function openProver(daemon: Daemon): Prover {
  const { clock } = daemon.world;
  let baking: Baking | undefined;
  let isProven = false;
  let retryAt = 0;
  let work: Work | undefined;

  function look(verdict: Verdict, signal: AbortSignal): void {
    const identity = daemon.surroundings.identity()?.value;
    const next = bakes(daemon, verdict, baking, identity);
    if (next !== baking) {
      baking = next;
      isProven = false;
      work?.child.abort();
    }
    if (baking !== undefined && !isProven && work === undefined) {
      beginWhenDue(baking, signal);
    }
  }

  function beginWhenDue({ identity, since }: Baking, signal: AbortSignal): void {
    if (clock.monotonic() >= Math.max(since + daemon.config.release.bake, retryAt)) {
      const child = childOf(signal);
      work = { child, done: capture(identity, child) };
    }
  }

  async function capture(identity: Identity, child: Child): Promise<void> {
    try {
      await proveDeployed(daemon, identity, child.signal);
      isProven = !child.signal.aborted;
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

/** What bakes after this look: the same as before, a new release from now on, or nothing. */
function bakes(
  daemon: Daemon,
  verdict: Verdict,
  baking: Baking | undefined,
  identity: Identity | undefined,
): Baking | undefined {
  if (identity === undefined || !isAllWell(daemon, verdict)) {
    return undefined;
  }
  const isSame =
    baking !== undefined && compareIdentity(baking.identity, identity).parts.length === 0;
  return isSame ? baking : { identity, since: daemon.world.clock.monotonic() };
}

/** Everything is known and good, and nothing was stopped or is being repaired. */
function isAllWell(daemon: Daemon, verdict: Verdict): boolean {
  const { journal, surroundings } = daemon;
  const history = journal.history();
  return (
    verdict.kind === "healthy" &&
    signalsNow(daemon).every((signal) => signal.state === "ok") &&
    openIncident(history) === undefined &&
    openRecovery(history) === undefined &&
    surroundings.daemon()?.kind === "alive" &&
    !surroundings.services().some(isStoppedByPerson)
  );
}
