import { followUpSince, STAGE_DUE_MS, tasksOf, type TrackedTask } from "../model/after-action.ts";
import type { History, Incident } from "../model/history.ts";
import { tasksOverdue } from "../notify/notices-tasks.ts";
import type { Daemon } from "./daemon.ts";
import { newsOf } from "./follow.ts";

/** Time between two looks, in milliseconds; tasks are due in hours. */
const LOOK_MS = 60_000;
/** After the last due time nobody is reminded for longer than this, in milliseconds: then it is no matter of forgetting. */
const LONGEST_MS = 7 * 24 * 3_600_000;
const LAST_DUE_MS = Math.max(...Object.values(STAGE_DUE_MS));

/** A reminder that is due. */
interface Reminder {
  readonly incident: Incident;
  readonly overdue: readonly TrackedTask[];
  /** Which one it is: the stages that are over, and after the last of them how often it was repeated. */
  readonly turn: string;
}

/** Reminds people of what is to be done after a rollback: when its time is over, and every `notify.taskReminders` after the last, until the signal aborts. */
export async function keepReminding(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { clock } = daemon.world;
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    remind(daemon);
  }
}

function remind(daemon: Daemon): void {
  const { config, journal, world } = daemon;
  const due = remindersAt(journal.history(), world.clock.now(), config.notify.taskReminders);
  for (const { incident, overdue, turn } of due) {
    daemon.tell(tasksOverdue(newsOf(daemon, incident), overdue, turn));
  }
}

/** What people are to be reminded of at `now`; the same turn again is the same reminder. `everyMs` 0: of nothing. Pure. */
export function remindersAt(history: History, now: number, everyMs: number): readonly Reminder[] {
  if (everyMs === 0) {
    return [];
  }
  return history.incidents.flatMap((incident) => {
    const turn = turnAt(history, incident, now, everyMs);
    const overdue = tasksOf(incident, history.recoveries).filter(
      ({ dueAt, done }) => done === null && dueAt !== null && dueAt <= now,
    );
    return turn === undefined || overdue.length === 0 ? [] : [{ incident, overdue, turn }];
  });
}

function turnAt(
  { recoveries }: History,
  incident: Incident,
  now: number,
  everyMs: number,
): string | undefined {
  const since = followUpSince(incident, recoveries);
  const isRolledBack = recoveries.some(
    ({ plan, ended }) =>
      plan.incident === incident.id &&
      plan.scope !== "service" &&
      ended !== undefined &&
      ended.result !== "cancelled",
  );
  if (since === undefined || !isRolledBack) {
    return undefined;
  }
  const afterMs = now - since;
  const stages = Object.values(STAGE_DUE_MS).filter((dueMs) => dueMs <= afterMs).length;
  if (stages === 0 || afterMs > LAST_DUE_MS + LONGEST_MS) {
    return undefined;
  }
  const repeated = Math.max(0, Math.floor((afterMs - LAST_DUE_MS) / everyMs));
  return `${stages}.${repeated}`;
}
