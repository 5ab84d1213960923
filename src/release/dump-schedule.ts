import { createTask } from "node-cron";

const MINUTE_MS = 60_000;
/** After a longer absence it is due whatever the schedule says. */
const LONGEST_MS = 7 * 24 * 60 * MINUTE_MS;

/** Whether a moment of the schedule (five fields, local time) lies after `from` and not after `to`, both ms since the epoch. */
export function cameDue(schedule: string, from: number, to: number): boolean {
  if (to - from > LONGEST_MS) {
    return true;
  }
  const task = createTask(schedule, () => undefined);
  try {
    const first = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS;
    for (let minute = first; minute <= to; minute += MINUTE_MS) {
      if (task.match(new Date(minute))) {
        return true;
      }
    }
    return false;
  } finally {
    // node-cron keeps every task that was ever made until it is destroyed.
    void task.destroy();
  }
}
