import type { PendingNotice } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";

/** A notice that one channel must still have. */
export interface Errand {
  readonly notice: Notice;
  readonly failures: number;
  readonly dueAt: number;
}

/** What a channel has to do next: whatever is due first, the older notice where two are. Asked at every entry of the journal. */
export function nextErrand(outbox: readonly PendingNotice[], channel: string): Errand | undefined {
  let next: Errand | undefined;
  for (const { notice, waiting } of outbox) {
    const own = waiting.find((one) => one.channel === channel);
    if (own !== undefined && (next === undefined || isBefore({ notice, ...own }, next))) {
      next = { notice, failures: own.failures, dueAt: own.dueAt };
    }
  }
  return next;
}

function isBefore(one: Errand, other: Errand): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.notice.at < other.notice.at);
}
