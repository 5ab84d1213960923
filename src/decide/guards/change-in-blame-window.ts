import { tellDuration } from "../../model/units.ts";
import { blameWindowMsOf } from "../policy.ts";
import { allow, blamedChanges, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { Change } from "../../model/identity.ts";
import type { ClockSet } from "../../model/history.ts";
import type { BreachSituation } from "../situation.ts";

/** A change whose time is known no better than this (rollwatch was away) may be older than the blame window, and than the breach. */
const LONGEST_DOUBT_MS = 60 * 60_000;

/** Whether something was changed shortly before the breach began: without a change there is nothing to take back. */
export const changeInBlameWindow: Guard = { id: "change-in-blame-window", check };

function check(situation: BreachSituation): Opinion {
  const { verdict, policy } = situation;
  const newest = blamedChanges(situation).at(-1);
  const windowMs = blameWindowMsOf(policy, verdict.trigger);
  if (newest === undefined) {
    return hold(
      `nothing was changed in the ${tellDuration(windowMs)} before the breach began: there is nothing to take back`,
    );
  }
  const what = newest.summary.join("; ");
  const set = situation.clockSets?.find((one) => isDoubtful(newest, one, situation));
  if (set !== undefined) {
    return recommend(
      `the clock was set by ${tellDuration(Math.abs(set.byMs))} since then, so nobody knows how long before the breach it was: ${what}`,
    );
  }
  const unknownMs = newest.at - newest.after;
  if (unknownMs > LONGEST_DOUBT_MS) {
    return recommend(
      `something was changed while nobody looked, at an unknown time in ${tellDuration(unknownMs)}: ${what}`,
    );
  }
  return allow(`changed within ${tellDuration(windowMs)} before the breach: ${what}`);
}

/** Whether a change was noted by other time than the breach: before the clock was set, or while it was. */
function isDoubtful(change: Change, set: ClockSet, { history }: BreachSituation): boolean {
  const { changes } = history;
  const last = changes.findLastIndex(({ at }) => at === set.lastChangeAt);
  if (changes.indexOf(change) > last) {
    return change.after < set.at;
  }
  // Noted in the old time; the set may be so old that the change has nothing to do with it.
  return Math.max(set.at, set.at - set.byMs) >= change.after;
}
