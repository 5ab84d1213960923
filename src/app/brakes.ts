import type { MaintenanceRequest, PauseRequest } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { type Brake, isBraked } from "../model/history.ts";
import type { Person } from "../model/people.ts";
import { tellTime } from "../model/units.ts";
import {
  maintenanceEnded,
  maintenanceStarted,
  pausedByPerson,
  resumedByPerson,
} from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";

/** No automatic action from now on. Refused where it would end a longer pause of somebody else's. */
export function pause(daemon: Daemon, { reason, forMs }: PauseRequest, by: Person): void {
  const { journal, world, config } = daemon;
  const at = world.clock.now();
  const until = forMs === null ? null : at + forMs;
  refuseShorter(journal.history().pause, { at, until }, "`rollwatch resume` takes it back first.");
  const entry = journal.record({ kind: "paused", by: by.name, reason, until });
  const brake = { by: by.name, reason, at: entry.at, until };
  daemon.tell(pausedByPerson(config.application.name, brake));
  daemon.log.warn({ by: by.name, reason, until }, "paused");
}

/** Takes a pause back, and trusts rollwatch again after a restart storm. Returns what it ended. */
export function resume(daemon: Daemon, by: Person): readonly Brake[] {
  const { journal, world, config } = daemon;
  const { pause: paused, observing } = journal.history();
  const now = world.clock.now();
  const ended = [paused, observing].filter((one) => isBraked(one, now));
  if (ended.length === 0) {
    throw new Failure("refused", "rollwatch is not paused", { hint: "See `rollwatch status`." });
  }
  journal.record({ kind: "resumed", by: by.name });
  for (const brake of ended) {
    daemon.tell(resumedByPerson(config.application.name, brake, { by: by.name, at: now }));
  }
  daemon.log.warn({ by: by.name }, "resumed");
  return ended;
}

/** People work on the application from now on. Refused where it would end a longer maintenance of somebody else's. */
export function startMaintenance(
  daemon: Daemon,
  { reason, forMs }: MaintenanceRequest,
  by: Person,
): void {
  const { journal, world, config } = daemon;
  const at = world.clock.now();
  const until = at + forMs;
  const hint = "`rollwatch maintenance end` takes it back first.";
  refuseShorter(journal.history().maintenance, { at, until }, hint);
  const entry = journal.record({ kind: "maintenance-started", by: by.name, reason, until });
  const brake = { by: by.name, reason, at: entry.at, until };
  daemon.tell(maintenanceStarted(config.application.name, brake));
  daemon.log.warn({ by: by.name, reason, until }, "maintenance");
}

/** The work is done before its time was up. */
export function endMaintenance(daemon: Daemon, by: Person): void {
  const { journal, world, config } = daemon;
  const brake = journal.history().maintenance;
  const now = world.clock.now();
  if (!isBraked(brake, now)) {
    throw new Failure("refused", "no maintenance is declared", {
      hint: "See `rollwatch status`.",
    });
  }
  journal.record({ kind: "maintenance-ended", by: by.name });
  daemon.tell(maintenanceEnded(config.application.name, brake, { by: by.name, at: now }));
}

/** Only the newest brake counts: one that ends sooner must not release what another holds. */
function refuseShorter(
  known: Brake | undefined,
  { at, until }: Pick<Brake, "at" | "until">,
  hint: string,
): void {
  if (isBraked(known, at) && (known.until ?? Infinity) > (until ?? Infinity)) {
    const end = known.until === null ? "it is taken back" : tellTime(known.until);
    const what = `it is on already, by ${known.by} until ${end}: ${known.reason}`;
    throw new Failure("refused", what, { hint });
  }
}
