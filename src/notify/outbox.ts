import { messageOf } from "../model/failure.ts";
import type { Fact } from "../model/facts.ts";
import { threadOf } from "../model/history.ts";
import type { Delivery, Notice } from "../model/notice.ts";
import type { Journal } from "../journal/journal.ts";
import { childOf, withChild } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";
import { retryDelayMs } from "./backoff.ts";
import type { Channel } from "./channel.ts";
import { type Cover, coverOf, dueSince } from "./cover.ts";
import { type Errand, type Errands, isErrand, openErrands } from "./errand.ts";

/**
 * Delivers what the journal says is owed, at least once. Everything durable is in the journal: a notice waits for each of
 * its channels -> delivered | failed with a time for the next try | given up.
 */
export interface OutboxPorts {
  readonly journal: Pick<Journal, "history" | "record" | "onEntry">;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** A number from 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Who hears instead of a channel that fails. Absent: nobody. */
  readonly cover?: Cover;
}

/** Deliveries under way. */
export interface Deliveries {
  /** Ends when the signal aborts; rejects when the journal cannot be written. */
  readonly finished: Promise<void>;
  /** Waits until nothing is due any more, at most `ms`; whatever is left waits in the journal for the next start. */
  drain(ms: number): Promise<void>;
}

/** Longest time for one delivery whatever the channel does, in milliseconds. */
const SEND_DEADLINE_MS = 60_000;

/** Age of a notice after which a channel gives it up, in milliseconds. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60_000;

/** Longest sleep, so that a wall clock set forward is noticed; in milliseconds. */
const LONGEST_SLEEP_MS = 30_000;

/** Makes a notice durable; false when the same fact was told before. */
export function queue(journal: Pick<Journal, "history" | "record">, notice: Notice): boolean {
  if (journal.history().told.has(notice.dedupKey)) {
    return false;
  }
  journal.record({ kind: "notice-queued", notice });
  return true;
}

/** Starts one worker per channel, so that a slow or dead channel delays no other. */
export function startDelivery(ports: OutboxPorts, signal: AbortSignal): Deliveries {
  const lines = ports.channels.map((channel) => openLine(channel, ports));
  const known = new Set(lines.map(({ channel }) => channel.name));
  const workers = [
    ...lines.map((line) => deliverTo(ports, line, signal)),
    dropUnknown(ports, known, signal),
  ];
  return {
    finished: Promise.all(workers).then(() => undefined),
    drain: async (ms) => {
      const deadline = ports.clock.deadline(ms, signal);
      while (!deadline.aborted && isSomethingDue(ports, lines)) {
        await pause(ports, LONGEST_SLEEP_MS, deadline);
      }
    },
  };
}

function isSomethingDue({ clock }: OutboxPorts, lines: readonly Line[]): boolean {
  return lines.some(({ errands, restMs }) => {
    const errand = errands.next();
    return errand !== undefined && errand.dueAt <= clock.now() && restMs() <= 0;
  });
}

/** A channel, and how long it is left alone. */
interface Line {
  readonly channel: Channel;
  readonly errands: Errands;
  /** Milliseconds until it is asked again; 0 or less where nothing keeps it. */
  readonly restMs: () => number;
  /** Notes what became of a delivery. */
  readonly note: (delivery: Delivery) => void;
}

/** One that fails is left alone by all that waits for it, longer each time: a thousand notices are not a thousand tries at a dead server. */
function openLine(channel: Channel, { clock, random, journal }: OutboxPorts): Line {
  let failures = 0;
  let until = Number.NEGATIVE_INFINITY;
  return {
    channel,
    errands: openErrands(journal, channel.name),
    restMs: () => until - clock.monotonic(),
    note: (delivery) => {
      failures = delivery.kind === "retry-later" ? failures + 1 : 0;
      until =
        delivery.kind === "retry-later"
          ? clock.monotonic() + retryDelayMs(failures, random(), delivery.afterMs)
          : Number.NEGATIVE_INFINITY;
    },
  };
}

async function deliverTo(ports: OutboxPorts, line: Line, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      await deliverNext(ports, line, signal);
    }
  } finally {
    line.errands.close();
  }
}

/** Delivers what is due first, or waits until something may be. */
async function deliverNext(
  ports: OutboxPorts,
  { channel, errands, restMs, note }: Line,
  signal: AbortSignal,
): Promise<void> {
  const { journal, clock } = ports;
  const errand = errands.next();
  const waitMs =
    errand === undefined ? LONGEST_SLEEP_MS : Math.max(errand.dueAt - clock.now(), restMs());
  if (errand === undefined || waitMs > 0) {
    await pause(ports, Math.min(waitMs, LONGEST_SLEEP_MS), signal, isErrand);
    return;
  }
  const delivery = await attempt(ports, channel, errand.notice, signal);
  if (delivery === undefined) {
    return;
  }
  note(delivery);
  if (delivery.kind !== "delivered") {
    tellOthers(ports, channel.name, errand.notice, delivery);
  }
  journal.record(factOf(ports, channel.name, errand, delivery));
  if (delivery.kind === "retry-later") {
    giveUpOld(ports, channel.name, delivery);
  }
}

/** Before the failure is noted, so that a kill in between loses nothing: whoever must hear instead has it first. */
function tellOthers(
  { journal, clock, cover }: OutboxPorts,
  channel: string,
  notice: Notice,
  delivery: Exclude<Delivery, { kind: "delivered" }>,
): void {
  if (cover === undefined) {
    return;
  }
  const owed = journal
    .history()
    .outbox.filter(({ waiting }) => waiting.some((one) => one.channel === channel))
    .map((one) => one.notice);
  for (const made of coverOf(cover, { channel, notice, delivery, owed, now: clock.now() })) {
    queue(journal, made);
  }
}

/** What has waited for a day for a channel that still fails is given up without a try of its own. */
function giveUpOld(
  { journal, clock }: OutboxPorts,
  channel: string,
  { reason, detail }: Pick<Extract<Delivery, { kind: "retry-later" }>, "reason" | "detail">,
): void {
  for (const { notice, waiting } of journal.history().outbox) {
    const isOld = clock.now() - dueSince(notice) > GIVE_UP_AFTER_MS;
    if (isOld && waiting.some((one) => one.channel === channel)) {
      journal.record(failed(notice, channel, { reason, detail: givenUp(detail), retryAt: null }));
    }
  }
}

function givenUp(detail: string): string {
  return `${detail}; given up after a day`;
}

/** Notices of an earlier configuration whose channel is gone are given up with a fact. */
async function dropUnknown(
  ports: OutboxPorts,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const { journal } = ports;
  while (!signal.aborted) {
    for (const { notice, waiting } of journal.history().outbox) {
      for (const { channel } of waiting.filter((one) => !known.has(one.channel))) {
        const detail = "this channel is not configured any more";
        journal.record(failed(notice, channel, { reason: "unknown", detail, retryAt: null }));
      }
    }
    await pause(ports, LONGEST_SLEEP_MS, signal, isErrand);
  }
}

/** One delivery; undefined when rollwatch is ending, so that nobody can say whether it arrived. */
async function attempt(
  { clock, journal }: OutboxPorts,
  channel: Channel,
  notice: Notice,
  signal: AbortSignal,
): Promise<Delivery | undefined> {
  const { incident } = notice;
  const thread =
    incident === null ? undefined : threadOf(journal.history(), incident, channel.name);
  const outgoing = thread === undefined ? notice : { ...notice, thread };
  try {
    // A child, so that nothing of the deadline outlives the delivery: it would hang on the daemon's own signal for a minute.
    return await withChild(signal, async (own) =>
      channel.send(outgoing, clock.deadline(SEND_DEADLINE_MS, own)),
    );
  } catch (error) {
    if (signal.aborted) {
      return undefined;
    }
    return { kind: "retry-later", reason: "unknown", detail: messageOf(error) };
  }
}

function factOf(
  { clock, random }: OutboxPorts,
  channel: string,
  errand: Errand,
  delivery: Delivery,
): Fact {
  const { notice, failures } = errand;
  if (delivery.kind === "delivered") {
    const { receipt } = delivery;
    const at = { notice: notice.id, channel };
    return { kind: "notice-delivered", ...at, ...(receipt === undefined ? {} : { receipt }) };
  }
  const { reason, detail } = delivery;
  if (delivery.kind === "refused") {
    return failed(notice, channel, { reason, detail, retryAt: null });
  }
  const retryAt = clock.now() + retryDelayMs(failures + 1, random(), delivery.afterMs);
  if (retryAt - dueSince(notice) > GIVE_UP_AFTER_MS) {
    return failed(notice, channel, { reason, detail: givenUp(detail), retryAt: null });
  }
  return failed(notice, channel, { reason, detail, retryAt });
}

function failed(
  notice: Notice,
  channel: string,
  how: Pick<Extract<Fact, { kind: "notice-failed" }>, "reason" | "detail" | "retryAt">,
): Fact {
  return { kind: "notice-failed", notice: notice.id, channel, ...how };
}

/** Sleeps until the time is over, the journal has a new entry that is news, or the signal aborts. Never rejects. */
export async function pause(
  {
    clock,
    journal,
  }: Pick<OutboxPorts, "clock"> & {
    readonly journal: Pick<Journal, "onEntry">;
  },
  ms: number,
  signal: AbortSignal,
  isNews: (fact: Fact) => boolean = () => true,
): Promise<void> {
  const wake = childOf(signal);
  const stop = journal.onEntry(({ fact }) => {
    if (isNews(fact)) {
      wake.abort();
    }
  });
  try {
    await clock.sleep(ms, wake.signal);
  } catch (error) {
    if (!wake.signal.aborted) {
      throw error;
    }
  } finally {
    stop();
    wake.release();
  }
}
