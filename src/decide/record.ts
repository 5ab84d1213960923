import type { History, Incident } from "../model/history.ts";
import type { ShadowRecord, TriggerRecord } from "../model/record.ts";
import { TRIGGERS, type Mode, type Trigger } from "../model/trigger.ts";
import { mode as modeGuard } from "./guards/mode.ts";

const SECOND = 1000;

/** How often rollwatch was right, by trigger, as people labelled its incidents; triggers without any are left out. */
export function recordOf(history: History, modeOf: (trigger: Trigger) => Mode): ShadowRecord {
  const triggers = TRIGGERS.flatMap((trigger) => {
    const own = history.incidents.filter((one) => one.trigger === trigger);
    return own.length === 0 ? [] : [recordOfTrigger(history, own, trigger, modeOf(trigger))];
  });
  return { triggers };
}

function recordOfTrigger(
  history: History,
  own: readonly Incident[],
  trigger: Trigger,
  mode: Mode,
): TriggerRecord {
  const seen = own.filter((one) => one.reported === undefined);
  // What probes joined later was not missed, only late.
  const missed = own.filter((one) => one.reported !== undefined && one.signals.length === 0).length;
  const right = seen.filter((one) => one.label?.label === "right").length;
  const wrong = seen.filter((one) => one.label?.label === "wrong").length;
  return {
    trigger,
    mode,
    incidents: seen.length,
    wouldAct: seen.filter(wouldAct).length,
    right,
    wrong,
    unlabelled: seen.length - right - wrong,
    missed,
    precision: share(right, right + wrong),
    recall: share(right, right + missed),
    detectSeconds: median(seen.map((one) => (one.openedAt - one.since) / SECOND)),
    recoverSeconds: median(seen.flatMap((one) => recoveredAfter(history, one))),
  };
}

/** Whether something that acts was decided, or only the mode kept it from that. */
function wouldAct({ decisions }: Incident): boolean {
  return decisions.some(({ kind, action, guards }) => {
    const others = guards.filter((one) => one.guard !== modeGuard.id);
    const isAllowed = action !== undefined && others.every((one) => one.answer === "allow");
    return kind === "roll-back" || kind === "restart" || isAllowed;
  });
}

function recoveredAfter({ recoveries }: History, { id, since }: Incident): readonly number[] {
  const proven = recoveries.find(
    ({ plan, ended, verification }) =>
      plan.incident === id && ended?.result === "completed" && verification?.result === "proven",
  );
  return proven?.ended === undefined ? [] : [(proven.ended.at - since) / SECOND];
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
