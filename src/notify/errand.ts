import type { PendingNotice } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";

type Waiting = PendingNotice["waiting"][number];

/** A notice that one channel must still have. */
export interface Errand {
  readonly notice: Notice;
  readonly failures: number;
  readonly dueAt: number;
}

/**
 * What a channel has to do next: whatever is due first, the older notice where two are. It looks at everything that is owed, and makes
 * nothing on its way: thousands may wait.
 */
export function nextErrand(outbox: readonly PendingNotice[], channel: string): Errand | undefined {
  let next: { readonly notice: Notice; readonly own: Waiting } | undefined;
  for (const { notice, waiting } of outbox) {
    for (const own of waiting) {
      if (own.channel === channel && (next === undefined || isBefore(own, notice, next))) {
        next = { notice, own };
      }
    }
  }
  return next === undefined
    ? undefined
    : { notice: next.notice, failures: next.own.failures, dueAt: next.own.dueAt };
}

function isBefore(
  own: Waiting,
  { at }: Notice,
  next: { readonly notice: Notice; readonly own: Waiting },
): boolean {
  return own.dueAt < next.own.dueAt || (own.dueAt === next.own.dueAt && at < next.notice.at);
}
