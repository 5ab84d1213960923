import type { MaintenanceRequest, PauseRequest } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { isBraked } from "../model/history.ts";
import type { Person } from "../model/people.ts";
import {
  maintenanceEnded,
  maintenanceStarted,
  pausedByPerson,
  resumedByPerson,
} from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";

/** No automatic action from now on. */
export function pause(daemon: Daemon, { reason, forMs }: PauseRequest, by: Person): void {
  const { journal, world, config } = daemon;
  const at = world.clock.now();
  const until = forMs === null ? null : at + forMs;
  journal.record({ kind: "paused", by: by.name, reason, until });
  daemon.tell(pausedByPerson(config.application.name, { by: by.name, reason, at, until }));
  daemon.log.warn({ by: by.name, reason, until }, "paused");
}

/** Takes a pause back. */
export function resume(daemon: Daemon, by: Person): void {
  const { journal, world, config } = daemon;
  const brake = journal.history().pause;
  const now = world.clock.now();
  if (!isBraked(brake, now)) {
    throw new Failure("refused", "rollwatch is not paused", { hint: "See `rollwatch status`." });
  }
  journal.record({ kind: "resumed", by: by.name });
  daemon.tell(resumedByPerson(config.application.name, brake, { by: by.name, at: now }));
  daemon.log.warn({ by: by.name }, "resumed");
}

/** People work on the application from now on. */
export function startMaintenance(
  daemon: Daemon,
  { reason, forMs }: MaintenanceRequest,
  by: Person,
): void {
  const { journal, world, config } = daemon;
  const at = world.clock.now();
  const until = at + forMs;
  journal.record({ kind: "maintenance-started", by: by.name, reason, until });
  daemon.tell(maintenanceStarted(config.application.name, { by: by.name, reason, at, until }));
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
