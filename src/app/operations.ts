import { modeOf } from "../decide/policy.ts";
import { recordOf } from "../decide/record.ts";
import { Failure } from "../model/failure.ts";
import {
  type Brake,
  type History,
  isBraked,
  openIncident,
  openRecovery,
  waitingRecovery,
} from "../model/history.ts";
import type { Operations, Status } from "../model/operations.ts";
import { TRIGGERS } from "../model/trigger.ts";
import type { Verdict } from "../model/verdict.ts";
import { reportAsides } from "./asides.ts";
import { checkOnce } from "./check-once.ts";
import { countedDown } from "./countdown.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { previewRollback } from "./preview.ts";
import { diffReleases, showRelease } from "./release-actions.ts";
import {
  reportDeployed,
  reportIncidents,
  reportReleases,
  reportRollback,
  reportSignal,
  reportVerdict,
} from "./status.ts";
import { withWarmDatabases } from "./warm-report.ts";

/** Closed incidents that `status` shows beside the open one. */
const LAST_INCIDENTS = 5;

/** What a status needs of the process around the daemon. */
export interface Running {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  /** The verdict of the last turn; undefined before the first. */
  lastVerdict(): Verdict | undefined;
}

/** The operations of a running daemon. */
export function daemonOperations(daemon: Daemon, running: Running): Operations {
  const { config, world, journal, surroundings, readinesses } = daemon;
  const compare = oneAtATime("a comparison of releases");
  return {
    status: async () => statusOf(daemon, running),
    check: async (signal) => checkOnce({ config, world, surroundings, journal }, signal),
    previewRollback: async (request, signal) => previewRollback(daemon, request, signal),
    releases: async () => withWarmDatabases(daemon, reportReleases(journal.history(), readinesses)),
    record: async () => recordOf(journal.history(), (trigger) => modeOf(config.policy, trigger)),
    incidents: async () => reportIncidents(journal.history()),
    asides: async (signal) => reportAsides(daemon, signal),
    showRelease: async (id) => showRelease(daemon, id),
    diffReleases: async (a, b, signal) => compare(async () => diffReleases(daemon, a, b, signal)),
    incident: async (id) => reportIncidents(journal.history()).find((one) => one.id === id),
  };
}

/** For what reads whole trees, and anybody on this host may ask for. */
function oneAtATime(what: string): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let isBusy = false;
  return async (work) => {
    if (isBusy) {
      throw new Failure("refused", `${what} is under way already`, {
        hint: "Ask again when it is over.",
      });
    }
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  };
}

function brakeReport(brake: Brake | undefined, now: number): Status["paused"] {
  return isBraked(brake, now) ? brake : null;
}

function reportWaiting(history: History, now: number): Status["waiting"] {
  const waiting = waitingRecovery(history);
  if (waiting?.approval === undefined) {
    return null;
  }
  const { roles, given, expiresAt } = waiting.approval;
  const counted = countedDown(history, now);
  const beginsAt = counted === undefined ? null : now + counted.leftMs;
  return { plan: waiting.plan.id, roles: [...roles], given: given.length, expiresAt, beginsAt };
}

async function statusOf(daemon: Daemon, running: Running): Promise<Status> {
  const { config, world, journal, surroundings, readinesses, rules } = daemon;
  const history = journal.history();
  const incidents = reportIncidents(history);
  const open = openIncident(history);
  const recovery = openRecovery(history);
  const verdict = running.lastVerdict();
  return {
    application: config.application.name,
    version: running.version,
    pid: running.pid,
    startedAt: running.startedAt,
    uptimeMs: world.clock.now() - running.startedAt,
    policies: TRIGGERS.map((trigger) => ({ trigger, mode: config.policy.triggers[trigger].mode })),
    deployed: reportDeployed(history, surroundings.identity()?.value),
    verdict: verdict === undefined ? null : reportVerdict(verdict),
    signals: signalsNow(daemon).map((one) => reportSignal(one, rules)),
    controls: surroundings.controls().map((one) => ({ ...one })),
    releases: await withWarmDatabases(daemon, reportReleases(history, readinesses)),
    openIncident: incidents.find((one) => one.id === open?.id) ?? null,
    lastIncidents: incidents.filter((one) => one.closed !== null).slice(0, LAST_INCIDENTS),
    rollback: recovery === undefined ? null : reportRollback(recovery),
    guards: [...(history.incidents.at(-1)?.decisions.at(-1)?.guards ?? [])],
    noticesQueued: history.outbox.length,
    paused: brakeReport(history.pause, world.clock.now()),
    observing: brakeReport(history.observing, world.clock.now()),
    maintenance: brakeReport(history.maintenance, world.clock.now()),
    waiting: reportWaiting(history, world.clock.now()),
  };
}
