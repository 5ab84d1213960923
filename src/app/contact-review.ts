import { daysBetween, localTime } from "../model/calendar.ts";
import type { PeopleSettings } from "../model/people.ts";
import { reviewOverdue } from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";

/** Time between two looks, in milliseconds. */
const LOOK_MS = 60_000;
/** The runbook: contacts and procedures are reviewed every 30 days. */
const REVIEW_DAYS = 30;
const REMINDER_DAYS = 7;

/** A review that is overdue. */
export interface Overdue {
  readonly reviewed: string;
  /** Days since then. */
  readonly days: number;
  /** Counts the reminders; one a week. */
  readonly turn: number;
}

/** Reminds people of the review of contacts and procedures, once a week while it is overdue, until the signal aborts. */
export async function keepReviewing(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { config, world } = daemon;
  while (!signal.aborted) {
    await world.clock.sleep(LOOK_MS, signal);
    const overdue = reviewAt(config.people, world.clock.now());
    if (overdue !== undefined) {
      daemon.tell(reviewOverdue(config.application.name, overdue));
    }
  }
}

/** The review that is overdue at `now`, in the calendar's zone or else UTC. Pure. */
export function reviewAt(
  { reviewed, calendar }: Pick<PeopleSettings, "reviewed" | "calendar">,
  now: number,
): Overdue | undefined {
  if (reviewed === undefined) {
    return undefined;
  }
  const { day } = localTime(calendar ?? { timeZone: "UTC" }, now);
  const days = daysBetween(reviewed, day);
  const late = days - REVIEW_DAYS;
  return late <= 0 ? undefined : { reviewed, days, turn: Math.floor((late - 1) / REMINDER_DAYS) };
}
