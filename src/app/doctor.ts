import { getuid, version } from "node:process";
import { isDaemonThere } from "../cli/daemon-client.ts";
import { processEnvironment } from "../config/environment.ts";
import type { Config } from "../config/schema.ts";
import { emptyHistory, fold } from "../journal/fold.ts";
import { readEntriesAt } from "../journal/store.ts";
import { DOCTOR_AREAS, type DoctorLine, type DoctorReport } from "../model/doctor.ts";
import type { History } from "../model/history.ts";
import { openListeners } from "../system/listeners.ts";
import { journalPath } from "./read-history.ts";
import { APPLICATION } from "./doctor-application.ts";
import { PM2 } from "./doctor-pm2.ts";
import { DATABASE } from "./doctor-database.ts";
import { type DoctorPorts, examine, faultOf } from "./doctor-examination.ts";
import { HOST } from "./doctor-host.ts";
import { LIMITERS } from "./doctor-limiters.ts";
import { PEOPLE } from "./doctor-people.ts";
import { PROBES, requestsOf } from "./doctor-probes.ts";
import { RUNNING } from "./doctor-running.ts";
import { POOL } from "./doctor-pool.ts";
import { ROLLWATCH } from "./doctor-releases.ts";
import { SYNTHETIC } from "./synthetic.ts";
import { UPSTREAMS } from "./doctor-upstreams.ts";
import { openWorld } from "./world.ts";

const EXAMINATIONS = [
  ...HOST,
  ...PM2,
  ...APPLICATION,
  ...RUNNING,
  ...PROBES,
  ...LIMITERS,
  ...UPSTREAMS,
  ...SYNTHETIC,
  ...DATABASE,
  ...POOL,
  ...PEOPLE,
  ...ROLLWATCH,
];

/** Everything a rollback would need, looked at over the ports; changes nothing. */
export async function runDoctor(ports: DoctorPorts, signal: AbortSignal): Promise<DoctorReport> {
  const lines: DoctorLine[] = [];
  for (const examination of EXAMINATIONS) {
    lines.push(...(await examine(examination, ports, signal)));
  }
  return reportOf(ports, lines);
}

/** The doctor of one command, with or without a daemon. */
export async function openDoctor(config: Config, signal: AbortSignal): Promise<DoctorReport> {
  const environment = processEnvironment();
  const world = openWorld(config, environment);
  try {
    const past = readPast(config);
    const lastEntry = past.lastEntryAt === undefined ? {} : { lastEntryAt: past.lastEntryAt };
    const daemon = await findDaemon(config, signal);
    const ports: DoctorPorts = {
      config,
      world,
      environment,
      listeners: openListeners(),
      uid: getuid?.() ?? 0,
      nodeVersion: version,
      hasDaemon: daemon.isThere,
      history: past.history,
      ...lastEntry,
    };
    const lines = [...past.lines, ...daemon.lines];
    const report = await runDoctor(ports, signal);
    return lines.length === 0 ? report : reportOf(ports, [...report.lines, ...lines]);
  } finally {
    await world.database?.close();
  }
}

function reportOf({ config, world }: DoctorPorts, lines: readonly DoctorLine[]): DoctorReport {
  return {
    application: config.application.name,
    file: config.file,
    at: world.clock.now(),
    lines: lines.toSorted(
      (one, other) => DOCTOR_AREAS.indexOf(one.area) - DOCTOR_AREAS.indexOf(other.area),
    ),
    requests: [...requestsOf(config)],
    warnings: lines.filter(({ state }) => state === "warning").length,
    faults: lines.filter(({ state }) => state === "fault").length,
  };
}

interface Past {
  readonly history: History;
  readonly lastEntryAt?: number;
  readonly lines: readonly DoctorLine[];
}

/** A journal that cannot be read is a fault, and no reason not to look at the rest. */
function readPast(config: Config): Past {
  try {
    const entries = readEntriesAt(journalPath(config));
    let history = emptyHistory;
    for (const entry of entries) {
      history = fold(history, entry);
    }
    const last = entries.at(-1);
    return { history, lines: [], ...(last === undefined ? {} : { lastEntryAt: last.at }) };
  } catch (error) {
    const lines = [{ area: "rollwatch" as const, ...faultOf("journal", error) }];
    return { history: emptyHistory, lines };
  }
}

/** One that hangs is a fault. */
async function findDaemon(
  config: Config,
  signal: AbortSignal,
): Promise<{ readonly isThere: boolean; readonly lines: readonly DoctorLine[] }> {
  try {
    return { isThere: await isDaemonThere(config.state, signal), lines: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { isThere: true, lines: [{ area: "rollwatch", ...faultOf("daemon", error) }] };
  }
}
