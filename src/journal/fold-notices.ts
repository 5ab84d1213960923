/** What facts about notices do to the history. */

import type { Fact } from "../model/facts.ts";
import { type History, type Incident, type PendingNotice, threadOf } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";
import { keepLast } from "./keep.ts";

/** dedupKeys that are remembered. */
const MAX_TOLD = 1000;

/** Threads that are remembered. */
const MAX_THREADS = 200;

/** Notices after the one that was changed last among which the next is looked for first. */
const NEAR = 16;

type FactOf<K extends Fact["kind"]> = Extract<Fact, { kind: K }>;
type Waiting = PendingNotice["waiting"][number];

export function queued(history: History, { notice }: FactOf<"notice-queued">, at: number): History {
  const others = [...history.told].filter((key) => key !== notice.dedupKey);
  const told = new Set(keepLast(MAX_TOLD, [...others, notice.dedupKey]));
  const dueAt = Math.max(at, notice.notBefore ?? at);
  const waiting = notice.channels.map((channel) => ({ channel, failures: 0, dueAt }));
  // What strangers read tells nothing to those who wait for news.
  const isForPeople = notice.reason !== "status-page";
  const incidents = history.incidents.map((one) =>
    one.id === notice.incident && isForPeople
      ? { ...one, toldAt: at, ...escalatedBy(notice, at) }
      : one,
  );
  if (waiting.length === 0) {
    return { ...history, told, incidents };
  }
  return { ...history, told, incidents, outbox: [...history.outbox, { notice, waiting }] };
}

function escalatedBy({ reason, level }: Notice, at: number): Pick<Incident, "escalated"> {
  return reason === "escalated" && level !== undefined ? { escalated: { level, at } } : {};
}

export function delivered(history: History, fact: FactOf<"notice-delivered">): History {
  return change(withThread(history, fact), fact, () => []);
}

/** The first receipt of an incident stays the one that all others of it belong to. */
function withThread(
  history: History,
  { notice: id, channel, receipt }: FactOf<"notice-delivered">,
): History {
  if (receipt === undefined) {
    return history;
  }
  const incident = history.outbox.find(({ notice }) => notice.id === id)?.notice.incident ?? null;
  const { threads = [] } = history;
  if (incident === null || threadOf(history, incident, channel) !== undefined) {
    return history;
  }
  return {
    ...history,
    threads: keepLast(MAX_THREADS, [...threads, { incident, channel, receipt }]),
  };
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
  const place = placeOf(history, which.notice);
  const pending = history.outbox[place];
  if (pending === undefined) {
    return history;
  }
  const waiting = pending.waiting.flatMap((one) =>
    one.channel === which.channel ? to(one) : [one],
  );
  const outbox =
    waiting.length === 0
      ? history.outbox.toSpliced(place, 1)
      : history.outbox.with(place, { ...pending, waiting });
  return { ...history, outbox, outboxAt: place };
}

/** Channels go through the outbox in its order, each where another was just before: with thousands in it looking at all would take longest. */
function placeOf({ outbox, outboxAt = 0 }: History, id: string): number {
  const near = outbox.slice(outboxAt, outboxAt + NEAR).findIndex(({ notice }) => notice.id === id);
  return near < 0 ? outbox.findIndex(({ notice }) => notice.id === id) : outboxAt + near;
}
