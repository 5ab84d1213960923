import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { openJournal, type Journal } from "../../src/journal/journal.ts";
import { openStore } from "../../src/journal/store.ts";
import { createChannel } from "../../src/notify/channels/index.ts";
import { queue, startDelivery } from "../../src/notify/outbox.ts";
import { openClock } from "../../src/system/clock.ts";
import { openLog } from "../../src/system/log.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** The channels whose receivers answer. */
const LIVING = ["one", "two", "three", "four"] as const;
/** The channel that nobody listens to, where there is one. */
const DEAD = "dead";
const STDERR = 2;

/** One outbox that was emptied; milliseconds. */
export interface Drain {
  /** From the beginning until each of the living channels has everything. */
  readonly tookMs: number;
  /** The time of each `queue`: the notice is durable then. */
  readonly queueMs: readonly number[];
}

/** Queues `count` notices for four channels that work and, where `withDead`, one that refuses connections, and delivers them. */
export async function measureDrain(
  folder: string,
  count: number,
  withDead: boolean,
): Promise<Drain> {
  const own = await mkdtemp(path.join(folder, "rw-"));
  const clock = openClock();
  const store = openStore(path.join(own, "journal.db"), clock);
  const journal = openJournal(store);
  const receivers = await Promise.all(LIVING.map(async () => startReceiver(count)));
  const stopping = new AbortController();
  try {
    const dead = await startReceiver(1);
    await dead.close();
    const urls = [...receivers.map((one) => one.url), ...(withDead ? [dead.url] : [])];
    const names = withDead ? [...LIVING, DEAD] : LIVING;
    const queueMs = queueAll(journal, names, count);
    const log = openLog({ level: "silent", secrets: [], fd: STDERR });
    const channels = urls.map((url, place) => {
      const settings = { kind: "webhook", url, timeout: 10_000 } as const;
      return createChannel(names[place] ?? DEAD, settings, { clock, log });
    });
    const begun = performance.now();
    const deliveries = startDelivery({ journal, channels, clock, random: half }, stopping.signal);
    await untilAll(receivers, deliveries.finished);
    const tookMs = performance.now() - begun;
    stopping.abort();
    await deliveries.finished;
    return { tookMs, queueMs };
  } finally {
    stopping.abort();
    await Promise.all(receivers.map(async (one) => one.close()));
    store.close();
    await rm(own, { recursive: true, force: true });
  }
}

/** The middle of the jitter. */
function half(): number {
  return 0.5;
}

function queueAll(journal: Journal, channels: readonly string[], count: number): readonly number[] {
  return Array.from({ length: count }, (_none, place) => {
    const id = `notice-${place}`;
    const begun = performance.now();
    queue(journal, {
      id,
      dedupKey: id,
      at: Date.now(),
      reason: "recovered",
      urgency: "tell",
      incident: null,
      title: `radiation-health: notice ${place} of ${count}`,
      text: "The API answers again.\nIt was slow for 41 s, and nothing had to be done.",
      channels: [...channels],
    });
    return performance.now() - begun;
  });
}

async function untilAll(receivers: readonly Receiver[], finished: Promise<void>): Promise<void> {
  const ended = finished.then(() => {
    throw new Error("the deliveries ended before everything was delivered");
  });
  await Promise.race([Promise.all(receivers.map(async (one) => one.full)), ended]);
}
