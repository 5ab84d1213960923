import { messageOf } from "../model/failure.ts";
import type { Fact } from "../model/facts.ts";
import type { Delivery, Notice } from "../model/notice.ts";
import type { Journal } from "../journal/journal.ts";
import { childOf } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";
import { retryDelayMs } from "./backoff.ts";
import type { Channel } from "./channel.ts";
import { nextErrand, type Errand } from "./errand.ts";

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
  const { channels } = ports;
  const known = new Set(channels.map((channel) => channel.name));
  const workers = [
    ...channels.map((channel) => deliverTo(ports, channel, signal)),
    dropUnknown(ports, known, signal),
  ];
  return {
    finished: Promise.all(workers).then(() => undefined),
    drain: async (ms) => {
      const deadline = ports.clock.deadline(ms, signal);
      while (!deadline.aborted && isSomethingDue(ports)) {
        await pause(ports, LONGEST_SLEEP_MS, deadline);
      }
    },
  };
}

function isSomethingDue({ journal, channels, clock }: OutboxPorts): boolean {
  return channels.some(({ name }) => {
    const errand = nextErrand(journal.history().outbox, name);
    return errand !== undefined && errand.dueAt <= clock.now();
  });
}

async function deliverTo(ports: OutboxPorts, channel: Channel, signal: AbortSignal): Promise<void> {
  const { journal, clock } = ports;
  while (!signal.aborted) {
    const errand = nextErrand(journal.history().outbox, channel.name);
    const waitMs = errand === undefined ? LONGEST_SLEEP_MS : errand.dueAt - clock.now();
    if (errand === undefined || waitMs > 0) {
      await pause(ports, Math.min(waitMs, LONGEST_SLEEP_MS), signal);
      continue;
    }
    const delivery = await attempt(ports, channel, errand.notice, signal);
    if (delivery !== undefined) {
      journal.record(factOf(ports, channel.name, errand, delivery));
    }
  }
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
    await pause(ports, LONGEST_SLEEP_MS, signal);
  }
}

/** One delivery; undefined when rollwatch is ending, so that nobody can say whether it arrived. */
async function attempt(
  { clock }: OutboxPorts,
  channel: Channel,
  notice: Notice,
  signal: AbortSignal,
): Promise<Delivery | undefined> {
  try {
    return await channel.send(notice, clock.deadline(SEND_DEADLINE_MS, signal));
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
    return { kind: "notice-delivered", notice: notice.id, channel };
  }
  const { reason, detail } = delivery;
  if (delivery.kind === "refused") {
    return failed(notice, channel, { reason, detail, retryAt: null });
  }
  const retryAt = clock.now() + retryDelayMs(failures + 1, random(), delivery.afterMs);
  if (retryAt - notice.at > GIVE_UP_AFTER_MS) {
    return failed(notice, channel, {
      reason,
      detail: `${detail}; given up after a day`,
      retryAt: null,
    });
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

/** Sleeps until the time is over, the journal has a new entry, or the signal aborts. Never rejects. */
async function pause(
  { clock, journal }: OutboxPorts,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const wake = childOf(signal);
  const stop = journal.onEntry(() => wake.abort());
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
