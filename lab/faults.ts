import type { Cluster } from "./cluster.ts";
import type { FaultKind } from "./fault-kind.ts";
import type { PretendedHost } from "./pretended-host.ts";
import { send } from "./processes.ts";
import { DATABASE, type RadiationSystem, ROLE } from "./radiation-system.ts";
import { repeat } from "./repeat.ts";
import { abandonExport, askForLongList } from "./strange-requests.ts";

/** A fault that goes on until it is ended. */
export interface Fault {
  /** ms since the epoch. */
  readonly beganAt: number;
  /** Takes it back; safe to call twice. */
  end(): Promise<void>;
}

/** On what a fault is brought. */
export interface Victim {
  readonly system: RadiationSystem;
  readonly cluster: Cluster;
  /** The machine as rollwatch sees it, for the fault that is only shown. */
  readonly host?: PretendedHost | undefined;
}

const LOCK = `
  begin;
  lock table dose_readings in access exclusive mode;
  select pg_sleep(1.2);
  commit`;
const LOCK_PAUSE_MS = 80;
const LISTS_PAUSE_MS = 40;
const EXPORTS_PAUSE_MS = 100;
/** The readings of the alerts, which no reading under the limit ever raised; the old doses are in the alerts. */
const DAMAGE = `
  update dose_readings r set dose_msv = a.dose_msv / 1000 from alerts a where a.reading_id = r.id`;
/** What is needed to raise an alert, and not to list it. */
const LEFT = `
  grant select (id, personnel_id, kind, window_start, created_at, reading_id) on alerts to ${ROLE}`;
const MEND =
  "update dose_readings r set dose_msv = a.dose_msv from alerts a where a.reading_id = r.id";

/** Begins a fault. */
export async function beginFault(kind: FaultKind, victim: Victim): Promise<Fault> {
  const end = await BEGINNERS[kind](victim);
  const beganAt = Date.now();
  let ended: Promise<void> | undefined;
  return {
    beganAt,
    async end() {
      ended ??= end();
      return ended;
    },
  };
}

/** Each begins its fault and returns what ends it. */
const BEGINNERS: {
  readonly [K in FaultKind]: (victim: Victim) => Promise<() => Promise<void>>;
} = {
  "freeze-api": async ({ system }) => freeze(system, "radiation-monitoring"),
  "freeze-websocket": async ({ system }) => freeze(system, "websocket-service"),
  "lock-readings": async ({ cluster }) =>
    repeat(async () => cluster.admin(LOCK, DATABASE), LOCK_PAUSE_MS),
  "revoke-alerts": async ({ cluster }) => {
    await cluster.admin(`revoke select on alerts from ${ROLE}; ${LEFT}`, DATABASE);
    return async () => cluster.admin(`grant select on alerts to ${ROLE}`, DATABASE);
  },
  "distinct-lists": async ({ system }) =>
    repeat(async () => askForLongList(system.api), LISTS_PAUSE_MS),
  "abandoned-exports": async ({ system }) =>
    repeat(async () => abandonExport(system.api), EXPORTS_PAUSE_MS),
  "freeze-csv-polling": async ({ system }) => freeze(system, "csv-polling-service"),
  "stop-database": async ({ cluster }) => {
    await cluster.stop();
    return async () => cluster.start();
  },
  "stop-upstream": async ({ system }) => {
    await system.calibration.stop();
    return async () => system.calibration.start();
  },
  "damage-readings": async ({ cluster }) => {
    await cluster.admin(DAMAGE, DATABASE);
    return async () => cluster.admin(MEND, DATABASE);
  },
  "fill-host": async ({ host }) => {
    if (host === undefined) {
      throw new Error("rollwatch looks at the machine itself, whose memory is not to be taken");
    }
    await host.pretend(true);
    return async () => host.pretend(false);
  },
};

/** A process that is gone by the end was replaced, which is the cure. */
async function freeze(system: RadiationSystem, service: string): Promise<() => Promise<void>> {
  const processes = await system.pm2.list();
  const pid = processes.find((one) => one.name === service)?.pid ?? 0;
  if (pid <= 0) {
    throw new Error(`${service} has no process`);
  }
  send(pid, "SIGSTOP");
  return async () => {
    send(pid, "SIGCONT");
  };
}
