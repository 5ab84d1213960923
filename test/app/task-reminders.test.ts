import { describe, expect, it } from "vitest";
import { remindersAt } from "../../src/app/task-reminders.ts";
import { TASKS } from "../../src/model/after-action.ts";
import type { Incident, Recovery } from "../../src/model/history.ts";
import { aHistory, anIncident, aPlan, aRecovery, NOON } from "../support/builders.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What is reminded of so long after the end of the recovery: the turn, and how many tasks. */
function after(
  ms: number,
  recovery: Partial<Recovery> = {},
  incident: Partial<Incident> = {},
): readonly (readonly [string, number])[] {
  const history = aHistory({
    incidents: [anIncident(incident)],
    recoveries: [aRecovery(NOON, recovery)],
  });
  return remindersAt(history, NOON + ms, DAY).map(({ turn, overdue }) => [turn, overdue.length]);
}

describe("people are reminded of what is to be done after a rollback", () => {
  it.each([
    [2 * HOUR - 1, []],
    // Document, assess, stabilise, communicate.
    [2 * HOUR, [["1.0", 4]]],
    [DAY - 1, [["1.0", 4]]],
    [DAY, [["2.0", 8]]],
    [2 * DAY, [["3.0", 12]]],
    [3 * DAY - 1, [["3.0", 12]]],
    [3 * DAY, [["3.1", 12]]],
    [9 * DAY, [["3.7", 12]]],
    // Who has not done it in a week has decided not to.
    [9 * DAY + 1, []],
  ])("after %s ms: %j", (ms, expected) => {
    expect(after(ms)).toEqual(expected);
  });

  it("no more of what somebody has done, and of nothing when all is done", () => {
    const done = TASKS.map(({ id }) => ({ by: "Ada", at: NOON, task: id }));

    expect(after(2 * HOUR, {}, { done: done.slice(0, 3) })).toEqual([["1.0", 1]]);
    expect(after(9 * DAY, {}, { done })).toEqual([]);
  });

  it("never after a restart of services, a plan that was cancelled, or one that has not ended", () => {
    const { ended: _open, ...open } = aRecovery(NOON);
    const cancelled = { at: NOON, result: "cancelled", reason: "so it was" } as const;
    const history = aHistory({ incidents: [anIncident()], recoveries: [open] });

    expect(after(2 * HOUR, { plan: aPlan({ scope: "service" }) })).toEqual([]);
    expect(after(2 * HOUR, { ended: cancelled })).toEqual([]);
    expect(remindersAt(history, NOON + 2 * HOUR, DAY)).toEqual([]);
  });

  it("never where that is not wanted", () => {
    const history = aHistory({ incidents: [anIncident()], recoveries: [aRecovery(NOON)] });

    expect(remindersAt(history, NOON + 2 * HOUR, 0)).toEqual([]);
  });
});
