/** What facts about notices do to the history. */

import type { Fact } from "../model/facts.ts";
import type { History, PendingNotice } from "../model/history.ts";
import { keepLast } from "./keep.ts";

/** dedupKeys that are remembered. */
const MAX_TOLD = 1000;

type FactOf<K extends Fact["kind"]> = Extract<Fact, { kind: K }>;
type Waiting = PendingNotice["waiting"][number];

export function queued(history: History, { notice }: FactOf<"notice-queued">, at: number): History {
  const others = [...history.told].filter((key) => key !== notice.dedupKey);
  const told = new Set(keepLast(MAX_TOLD, [...others, notice.dedupKey]));
  const waiting = notice.channels.map((channel) => ({ channel, failures: 0, dueAt: at }));
  if (waiting.length === 0) {
    return { ...history, told };
  }
  return { ...history, told, outbox: [...history.outbox, { notice, waiting }] };
}

export function delivered(history: History, fact: FactOf<"notice-delivered">): History {
  return change(history, fact, () => []);
}

/** A channel that gave the notice up is not waited for any longer. */
export function failed(history: History, fact: FactOf<"notice-failed">): History {
  const { retryAt } = fact;
  return change(history, fact, (one) =>
    retryAt === null ? [] : [{ ...one, failures: one.failures + 1, dueAt: retryAt }],
  );
}

function change(
  history: History,
  which: { readonly notice: string; readonly channel: string },
  to: (waiting: Waiting) => readonly Waiting[],
): History {
  const outbox = history.outbox.flatMap((pending) => {
    if (pending.notice.id !== which.notice) {
      return [pending];
    }
    const waiting = pending.waiting.flatMap((one) =>
      one.channel === which.channel ? to(one) : [one],
    );
    return waiting.length === 0 ? [] : [{ ...pending, waiting }];
  });
  return { ...history, outbox };
}
