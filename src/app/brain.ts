import { assertNever } from "../model/assert-never.ts";
import { messageOf } from "../model/failure.ts";
import { isForNow } from "../decide/decide.ts";
import type { Decision } from "../model/decision.ts";
import { openIncident, openRecovery, type Incident } from "../model/history.ts";
import type { Verdict } from "../model/verdict.ts";
import { stoppedByPerson } from "../notify/notices-people.ts";
import type { Bell } from "./bell.ts";
import type { Breached } from "../decide/situation.ts";
import { countedDown } from "./countdown.ts";
import { judgeNow, type Daemon } from "./daemon.ts";
import { askPeople, planDecided, stopCountdown, tellHeld } from "./follow.ts";
import { closeCleared, decideOn, grow, isCleared, openIncidentOf } from "./incident.ts";
import { letGo } from "./left-behind.ts";
import { recoveryLockPath, tryLock } from "./locks.ts";
import { stoppedByPeople } from "./own-stops.ts";
import type { Prover } from "./prover.ts";
import { finishRecovery } from "./recovery.ts";
import { supposedBreach } from "./supposed.ts";
import { openPm2Teller } from "./tell-pm2.ts";
import { tendWaiting } from "./tend-waiting.ts";
import type { ChangeWatch } from "./watch-changes.ts";

/** Longest time between two turns when no sample comes. */
const TURN_MS = 1000;
/** An undecided breach is decided again after this time: a guard may have changed its mind. */
const DECIDE_AGAIN_MS = 5000;
/** A stop by a person is told when it has lasted this long without a word. */
const TELL_STOP_MS = 5 * 60_000;

/** What the loop works with beside the daemon's parts. */
export interface BrainParts {
  readonly daemon: Daemon;
  readonly prover: Prover;
  readonly changes: ChangeWatch;
  readonly bell: Bell;
  /** Told in each turn what was judged, before anything is done about it: a resumed recovery may take minutes. */
  readonly onTurn: (verdict: Verdict, lagMs: number) => void;
  /** Told when a turn is over, with everything that was done in it. */
  readonly onTurned: () => void;
}

/**
 * The loop: looks, judges, and does at most one thing at a time.
 *
 * States: recovering (an open recovery in the journal) -> watching -> incident (open in the journal) -> recovering | watching.
 */
export async function think(parts: BrainParts, signal: AbortSignal): Promise<void> {
  const { daemon, bell } = parts;
  const stops = new Map<string, number>();
  const tellPm2 = openPm2Teller(daemon);
  let decideAt = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let dueAt = daemon.world.clock.monotonic();
  while (!signal.aborted) {
    const started = daemon.world.clock.monotonic();
    // Not at every sample: pm2 measures all processes of the application to answer.
    if (started - lookedAt >= TURN_MS) {
      await daemon.surroundings.lookAtServices(signal);
      lookedAt = started;
    }
    parts.changes.note();
    const verdict = judgeNow(daemon);
    parts.onTurn(verdict, Math.max(started - dueAt, 0));
    decideAt = await act(parts, verdict, decideAt, signal);
    tellStops(daemon, stops);
    tellPm2();
    parts.onTurned();
    await bell.wait(TURN_MS, signal);
    dueAt = Math.min(daemon.world.clock.monotonic(), started + TURN_MS);
  }
}

/** One thing, if any is due. Returns when an undecided breach is to be decided again. */
async function act(
  parts: BrainParts,
  verdict: Verdict,
  decideAt: number,
  signal: AbortSignal,
): Promise<number> {
  const { daemon, prover } = parts;
  const { journal, world } = daemon;
  tendWaiting(daemon);
  const recovery = openRecovery(journal.history());
  if (recovery !== undefined) {
    await recover(parts, recovery.plan.id, signal);
    return 0;
  }
  prover.look(verdict, signal);
  const incident = openIncident(journal.history());
  if (verdict.kind !== "breached" && incident?.reported === undefined) {
    if (incident !== undefined && isCleared(daemon, incident)) {
      closeCleared(daemon, incident);
    }
    return 0;
  }
  if (incident !== undefined && world.clock.monotonic() < decideAt) {
    return decideAt;
  }
  const againMs = await answer(parts, signal);
  return world.clock.monotonic() + againMs;
}

/** A breach, proven or reported: look at everything once more, judge again, open the incident, decide, and act on the decision. Returns after how long to decide again. */
async function answer(parts: BrainParts, signal: AbortSignal): Promise<number> {
  const { daemon, changes } = parts;
  await daemon.surroundings.lookAtAll(signal);
  changes.note();
  const verdict = breachNow(daemon);
  if (verdict === undefined) {
    return DECIDE_AGAIN_MS;
  }
  const open = openIncident(daemon.journal.history());
  const incident =
    open === undefined ? openIncidentOf(daemon, verdict) : grow(daemon, open, verdict);
  if (incident === undefined) {
    return DECIDE_AGAIN_MS;
  }
  const telling = { daemon, incident, signal };
  const decision = await orTell(telling, "rollwatch cannot decide", async () =>
    decideOn(daemon, incident, verdict, signal),
  );
  const plan =
    decision === undefined
      ? undefined
      : await orTell(telling, `${decision.kind} was decided but cannot be planned`, async () =>
          follow(daemon, incident, decision, signal),
        );
  if (plan !== undefined) {
    await recover(parts, plan, signal);
  }
  const { leftMs = DECIDE_AGAIN_MS } =
    countedDown(daemon.journal.history(), daemon.world.clock.now()) ?? {};
  return decision !== undefined && isForNow(decision) ? TURN_MS : Math.min(DECIDE_AGAIN_MS, leftMs);
}

/** Whom a failure is told about, and what is no failure. */
interface Telling {
  readonly daemon: Daemon;
  readonly incident: Incident;
  readonly signal: AbortSignal;
}

/** What keeps rollwatch from deciding or planning (a lock that may not be touched, a capture that is gone) is told to a person; a crash would tell nobody. */
async function orTell<Result>(
  { daemon, incident, signal }: Telling,
  what: string,
  attempt: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await attempt();
  } catch (error) {
    signal.throwIfAborted();
    const reason = `${what}: ${messageOf(error)}`;
    daemon.log.error({ incident: incident.id, reason }, "cannot go on");
    const at = daemon.world.clock.now();
    tellHeld(daemon, incident, { kind: "hold", at, reason, guards: [], target: null });
    return undefined;
  }
}

/** What the probes prove, or else what a person reported and nobody has ended. */
function breachNow(daemon: Daemon): Breached | undefined {
  const verdict = judgeNow(daemon);
  if (verdict.kind === "breached") {
    return verdict;
  }
  const open = openIncident(daemon.journal.history());
  return open?.reported === undefined
    ? undefined
    : supposedBreach(daemon, open.trigger, open.since);
}

/** Carries a decision on; returns the plan that is to be done now, if there is one. */
async function follow(
  daemon: Daemon,
  incident: Incident,
  decision: Decision,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { kind } = decision;
  switch (kind) {
    case "restart":
    case "roll-back":
      return planDecided(daemon, incident, { ...decision, kind }, signal);
    case "recommend":
      stopCountdown(daemon, incident, decision);
      await askPeople(daemon, incident, decision, signal);
      return undefined;
    case "hold":
    case "watch":
      if (!isForNow(decision)) {
        stopCountdown(daemon, incident, decision);
      }
      tellHeld(daemon, incident, decision);
      return undefined;
    default:
      return assertNever(kind);
  }
}

/** Another rollwatch at work on these services is no failure of this one: it waits and looks again. */
async function recover(parts: BrainParts, plan: string, signal: AbortSignal): Promise<void> {
  const { daemon, changes } = parts;
  const attempt = tryLock(recoveryLockPath(daemon.config));
  if (attempt.kind === "refused") {
    daemon.log.warn({ plan, reason: attempt.reason }, "the recovery waits for its lock");
    return;
  }
  try {
    await daemon.warmth.stop();
    await finishRecovery(daemon, changes, plan, signal);
    daemon.warmth.begin();
  } finally {
    await letGo(daemon, attempt.lock, signal);
  }
}

function tellStops(daemon: Daemon, stops: Map<string, number>): void {
  const { surroundings, world, journal, config } = daemon;
  if (openRecovery(journal.history()) !== undefined) {
    return;
  }
  const now = world.clock.monotonic();
  const stopped = stoppedByPeople(surroundings.services(), journal.history());
  for (const name of stops.keys()) {
    if (!stopped.some((service) => service.name === name)) {
      stops.delete(name);
    }
  }
  for (const { name } of stopped) {
    stops.set(name, stops.get(name) ?? now);
  }
  const lasting = stopped.filter((one) => now - (stops.get(one.name) ?? now) >= TELL_STOP_MS);
  if (lasting.length > 0) {
    daemon.tell(stoppedByPerson(config.application.name, lasting));
  }
}
