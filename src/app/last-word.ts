import { closeSync, constants, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Notice } from "../model/notice.ts";
import type { Channel } from "../notify/channel.ts";
import { rollwatchEnded } from "../notify/notices-people.ts";
import { address } from "../notify/route.ts";
import type { Clock } from "../system/clock.ts";
import type { Log } from "../system/log.ts";

/** What the last word needs; the journal is none of it, since it may be what fails. */
export interface LastWordPorts {
  readonly config: Pick<Config, "application" | "notify" | "people" | "state">;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly log: Log;
}

/** A supervisor starts a daemon that ends again and again: people are told the same once in this time. */
const AGAIN_MS = 60 * 60_000;
/** Where even that cannot be noted, the end is put off, so that it is told six times an hour at most. */
const HOLD_MS = 10 * 60_000;
const SEND_MS = 10_000;

/**
 * Pages people that the daemon cannot go on, past journal and outbox: a journal that cannot be read or written (so that nobody knows
 * whether rollwatch is paused) ends it, and whoever relies on it must know. Tried once by every channel for pages.
 */
export async function tellLastWord(
  ports: LastWordPorts,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const why = whyOf(error);
  if (why === undefined || signal.aborted) {
    return;
  }
  const { config, clock, log } = ports;
  const note = join(config.state, "last-word");
  if (isNoted(note, why, clock.now())) {
    return;
  }
  const at = clock.now();
  const draft = rollwatchEnded(config.application.name, why);
  const notice = address(draft, config.notify.routes, config.people, {
    id: `notice-last-${at}`,
    at,
  });
  const wanted = ports.channels.filter(({ name }) => notice.channels.includes(name));
  await Promise.all(wanted.map(async (channel) => send(channel, notice, ports, signal)));
  if (!mark(note, why)) {
    log.warn({ holdMs: HOLD_MS }, "the end is put off: that it was told cannot be noted");
    await clock.sleep(HOLD_MS, signal).catch(() => undefined);
  }
}

/** Foreign words may hold a secret and stay in the log, which masks them. A second rollwatch that is refused is no end of the first. */
function whyOf(error: unknown): string | undefined {
  if (!(error instanceof Failure)) {
    return "a fault of rollwatch itself; its log tells which";
  }
  return error.code === "lock-held" ? undefined : `${error.message} (${error.code}). ${error.hint}`;
}

async function send(
  channel: Channel,
  notice: Notice,
  { clock, log }: LastWordPorts,
  signal: AbortSignal,
): Promise<void> {
  try {
    const delivery = await channel.send(notice, clock.deadline(SEND_MS, signal));
    log.info({ channel: channel.name, delivery: delivery.kind }, "the last word was sent");
  } catch (error) {
    log.error({ channel: channel.name, error: messageOf(error) }, "the last word was not sent");
  }
}

function isNoted(path: string, why: string, now: number): boolean {
  try {
    return readFileSync(path, "utf8") === why && Math.abs(now - statSync(path).mtimeMs) < AGAIN_MS;
  } catch {
    return false;
  }
}

/** Never through a link: the state folder may be what others can write to. */
function mark(path: string, why: string): boolean {
  const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;
  try {
    const file = openSync(path, O_CREAT | O_NOFOLLOW | O_TRUNC | O_WRONLY, 0o600);
    try {
      writeFileSync(file, why);
    } finally {
      closeSync(file);
    }
    return true;
  } catch {
    return false;
  }
}
