import type { Fact } from "../model/facts.ts";
import {
  type Approval,
  type Brake,
  type History,
  isBraked,
  type PendingNotice,
} from "../model/history.ts";
import { keepLast } from "./keep.ts";

/** Settings of the wall clock that are remembered. */
const MAX_SETS = 100;

/**
 * What waits for a time of day waits as long as it was to, and where the two clocks differ by which of them, the safer one counts:
 * no pause ends early, no approval lasts longer. What was over stays over.
 */
export function clockSet(
  history: History,
  { byMs }: Extract<Fact, { readonly kind: "clock-set" }>,
  at: number,
): History {
  const { clockSets = [], boot, pause, maintenance, observing, ...rest } = history;
  const lastChangeAt = history.changes.at(-1)?.at;
  const set = { at, byMs, ...(lastChangeAt === undefined ? {} : { lastChangeAt }) };
  return {
    ...rest,
    clockSets: keepLast(MAX_SETS, [...clockSets, set]),
    ...(boot === undefined ? {} : { boot: { ...boot, offset: boot.offset + byMs } }),
    ...(isBraked(pause, at - byMs) ? { pause: later(pause, byMs) } : {}),
    ...(isBraked(maintenance, at - byMs) ? { maintenance: later(maintenance, byMs) } : {}),
    ...(isBraked(observing, at - byMs) ? { observing: later(observing, byMs) } : {}),
    recoveries: history.recoveries.map((one) =>
      one.approval === undefined || one.ended !== undefined
        ? one
        : { ...one, approval: sooner(one.approval, byMs) },
    ),
    incidents: history.incidents.map((one) =>
      one.closed === undefined ? { ...one, toldAt: (one.toldAt ?? one.openedAt) + byMs } : one,
    ),
    outbox: history.outbox.map((one) => moved(one, byMs)),
  };
}

function later(brake: Brake, byMs: number): Brake {
  return brake.until === null ? brake : { ...brake, until: brake.until + Math.max(byMs, 0) };
}

function sooner(approval: Approval, byMs: number): Approval {
  return { ...approval, expiresAt: approval.expiresAt + Math.min(byMs, 0) };
}

/** A page does not wait an hour because the clock was set back. */
function moved(pending: PendingNotice, byMs: number): PendingNotice {
  return {
    ...pending,
    waiting: pending.waiting.map((one) => ({ ...one, dueAt: one.dueAt + byMs })),
  };
}
