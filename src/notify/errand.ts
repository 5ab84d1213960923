import type { PendingNotice } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";

/** A notice that one channel must still have. */
export interface Errand {
  readonly notice: Notice;
  readonly failures: number;
  readonly dueAt: number;
}

/** What a channel has to do next: whatever is due first. */
export function nextErrand(outbox: readonly PendingNotice[], channel: string): Errand | undefined {
  return outbox
    .flatMap(({ notice, waiting }) =>
      waiting
        .filter((one) => one.channel === channel)
        .map(({ failures, dueAt }) => ({ notice, failures, dueAt })),
    )
    .toSorted((one, other) => one.dueAt - other.dueAt || one.notice.at - other.notice.at)[0];
}
