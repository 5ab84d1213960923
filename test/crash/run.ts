import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../lab/processes.ts";
import type { Entry } from "../../src/model/facts.ts";
import { type CrashLab, endCleanly, isDelivered } from "../live/support/crash-lab.ts";
import type { DaemonLife } from "../live/support/daemon-life.ts";
import type { KillPoint } from "../live/support/kill-point.ts";
import { factsOf, isOver } from "../live/support/restored.ts";
import { broken } from "./invariants.ts";
import type { Scenario } from "./scenario.ts";
import { effectOnce } from "./points.ts";
import { killed, type Meeting, powerCut, type Way } from "./ways.ts";

/** What came of a case. */
export interface Outcome {
  readonly entries: readonly Entry[];
  /** Such as `completed, rolled-back`; `never made` where the daemon died before it had written the plan down. */
  readonly outcome: string;
  readonly attempts: number;
  /** Seconds from the second daemon's start to its first attempt; undefined where it made none. */
  readonly resumedAfter: number | undefined;
  readonly broken: readonly string[];
}

/** Nothing is open, and nothing was begun, this long after the second daemon watches. */
const QUIET_MS = 1500;
const LIMIT_MS = 60_000;

/** Lives through one case: meets its point, goes on, and looks at what was left. Throws when the daemon passes the point. */
export async function runCase(
  lab: CrashLab,
  scenario: Scenario,
  { point, way = killed }: { readonly point?: KillPoint; readonly way?: Way } = {},
): Promise<Outcome> {
  // One that failed may have left daemons.
  await lab.killAll();
  await scenario.reset(lab);
  await lab.reset();
  const before = (await lab.entries()).length;
  const first = lab.start(point === undefined ? undefined : way.strike(lab, point));
  await first.ready;
  const begun = scenario.begin(lab).then(
    () => undefined,
    (error: unknown) => error,
  );
  const came =
    point === undefined
      ? { daemon: first, problems: [] }
      : await goOn(lab, { scenario, way, first, point, before });
  const failure = await begun;
  if (point === undefined && failure !== undefined) {
    throw new Error("it could not be asked for", { cause: failure });
  }
  await untilOver({ lab, before, isAskedFor: scenario.isAskedFor }, came.daemon);
  await endCleanly(came.daemon);
  const outputs = new Set([first, came.daemon]);
  const entries = (await lab.entries()).slice(before);
  const problems = await scenario.problems(lab, {
    wasMade: wasCarriedOut(entries),
    passedOver: passedOverAndTold(lab, entries),
  });
  return {
    entries,
    outcome: outcomeOf(entries),
    attempts: factsOf(entries, "recovery-started").length,
    resumedAfter: resumedAfter(entries),
    broken: await broken({
      lab,
      entries,
      output: [...outputs].map((one) => one.everything()).join("\n"),
      problems: [...came.problems, ...problems],
      again: came.daemon === first ? [] : madeAgain(point, way, came.daemon.everything()),
    }),
  };
}

/** What the way does to the first daemon, and the daemon that goes on then. */
async function goOn(
  lab: CrashLab,
  how: Meeting & { readonly way: Way; readonly before: number },
): Promise<{ readonly daemon: DaemonLife; readonly problems: readonly string[] }> {
  const { scenario, way, first, before } = how;
  const problems = await way.meet(lab, how);
  if (await isAlive(first.pid)) {
    return { daemon: first, problems };
  }
  const daemon = lab.start();
  await daemon.ready;
  await scenario.resume(lab, (await lab.entries()).slice(before));
  return { daemon, problems };
}

/** The effect that was made in the first life, all but its record, and again in the next. */
function madeAgain(point: KillPoint | undefined, way: Way, output: string): readonly string[] {
  const isMade =
    point?.kind === "record" && point.when === "before" && point.fact === "step-finished";
  // What was never synced may have to be made again.
  if (!isMade || point.about === undefined || way === powerCut) {
    return [];
  }
  const effect = effectOnce(point.about);
  return effect !== undefined && output.includes(`effect of ${point.about}: ${effect}`)
    ? [`${point.about} was done again`]
    : [];
}

/** Whether the plan ran; what was cancelled, or never made, leaves everything as it was. */
function wasCarriedOut(entries: readonly Entry[]): boolean {
  const results = factsOf(entries, "recovery-ended").map(({ result }) => result);
  return factsOf(entries, "planned").length > 0 && results.at(-1) !== "cancelled";
}

/** The steps that failed and were never done, of which a delivered notice speaks. */
function passedOverAndTold(lab: CrashLab, entries: readonly Entry[]): readonly string[] {
  const finished = factsOf(entries, "step-finished");
  const done = new Set(
    finished.filter(({ outcome }) => outcome.kind !== "failed").map(({ step }) => step),
  );
  const told = JSON.stringify(lab.webhook.received());
  const failed = finished.map(({ step }) => step).filter((step) => !done.has(step));
  return [...new Set(failed)].filter((step) => told.includes(`${step}: `));
}

/**
 * The incident is closed and told; or nothing happens for a while, where no plan was ever written down (who asked must ask again), or people were
 * told that nothing is done: the host whose disk is full is blamed before any release.
 */
async function untilOver(
  {
    lab,
    before,
    isAskedFor,
  }: { readonly lab: CrashLab; readonly before: number; readonly isAskedFor: boolean },
  daemon: DaemonLife,
): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  let quietSince = performance.now();
  let known = 0;
  for (;;) {
    const entries = (await lab.entries()).slice(before);
    if (entries.length !== known || isUnderWay(entries)) {
      known = entries.length;
      quietSince = performance.now();
    }
    const mayBeNothing = isAskedFor || isHeld(entries);
    if (isOver(entries) || (mayBeNothing && performance.now() - quietSince > QUIET_MS)) {
      return;
    }
    if (limit.aborted) {
      const kinds = entries.slice(-12).map(({ fact }) => fact.kind);
      throw new Error(`it never ended: ${kinds.join(", ")}\n${daemon.output()}`);
    }
    await sleep(50);
  }
}

function isUnderWay(entries: readonly Entry[]): boolean {
  // A plan that was given up before its first act leaves the incident open, where nothing is done about it.
  const planned = factsOf(entries, "planned").length;
  const cancelled = factsOf(entries, "recovery-ended").filter(
    ({ result }) => result === "cancelled",
  ).length;
  const isOpen = planned > cancelled && factsOf(entries, "closed").length === 0;
  return isOpen || !isDelivered(entries);
}

function isHeld(entries: readonly Entry[]): boolean {
  return factsOf(entries, "notice-queued").some(({ notice }) => notice.reason === "held");
}

function outcomeOf(entries: readonly Entry[]): string {
  if (factsOf(entries, "planned").length === 0) {
    return "never made";
  }
  const results = [
    ...factsOf(entries, "recovery-ended").map(({ result }) => result),
    ...factsOf(entries, "closed").map(({ outcome }) => outcome),
  ];
  return results.join(", ") || "open";
}

function resumedAfter(entries: readonly Entry[]): number | undefined {
  const started = entries.findLast(({ fact }) => fact.kind === "daemon-started");
  const attempt = entries.find(
    ({ fact, seq }) => fact.kind === "recovery-started" && seq > (started?.seq ?? 0),
  );
  return started === undefined || attempt === undefined
    ? undefined
    : (attempt.at - started.at) / 1000;
}
