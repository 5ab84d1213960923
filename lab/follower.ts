import { setTimeout as sleep } from "node:timers/promises";
import type { Entry } from "../src/model/facts.ts";
import type { JournalReader } from "./journal-reader.ts";
import type { Condition } from "./milestones.ts";
import { readOverSocket } from "./over-socket.ts";
import type { Watcher } from "./watcher.ts";
import type { Delivered, WebhookReceiver } from "./webhook-receiver.ts";

const POLL_MS = 100;
const LIVENESS_MS = 5000;
const SHOWN_STATUS = 2000;

/** Where a follower looks. */
export interface Followed {
  readonly watcher: Watcher;
  readonly journal: JournalReader;
  readonly webhook: WebhookReceiver;
}

/** Who hears what it sees. */
export interface FollowListener {
  onFact(entry: Entry): void;
  onNotice(notice: Delivered): void;
}

/** Follows the journal while somebody waits for something in it. */
export interface Follower {
  entries(): readonly Entry[];
  /** Reads on until the condition holds for the entries from `from` on. */
  until(condition: Condition, what: string, limitMs: number, from?: number): Promise<void>;
  /** Waits for a condition that somebody else's `until` will see. */
  seen(condition: Condition, signal: AbortSignal): Promise<void>;
}

/** Tells every new fact and every notice that arrived, while somebody waits in `until`. */
export function follow(
  { watcher, journal, webhook }: Followed,
  listener: FollowListener,
): Follower {
  let entries: readonly Entry[] = [];
  let notices = 0;

  function read(): void {
    const now = journal.entries();
    for (const entry of now.slice(entries.length)) {
      listener.onFact(entry);
    }
    entries = now;
    for (const notice of webhook.received().slice(notices)) {
      notices += 1;
      listener.onNotice(notice);
    }
  }

  return {
    entries: () => entries,
    async until(condition, what, limitMs, from = 0) {
      const begun = performance.now();
      let looked = begun;
      for (;;) {
        read();
        if (condition(entries.slice(from))) {
          return;
        }
        const now = performance.now();
        if (now - begun > limitMs) {
          throw new Error(
            `waited ${limitMs / 1000} s in vain until ${what}\n${await diagnose(watcher)}`,
          );
        }
        if (now - looked > LIVENESS_MS) {
          looked = now;
          await assertRunning(watcher);
        }
        await sleep(POLL_MS);
      }
    },
    async seen(condition, signal) {
      while (!condition(entries)) {
        await sleep(POLL_MS / 4, undefined, { signal });
      }
    },
  };
}

/** pm2 restarts a daemon that died; one that it gave up will never tell anything. */
async function assertRunning(watcher: Watcher): Promise<void> {
  const [daemon] = await watcher.pm2.list();
  if (daemon === undefined || ["errored", "stopped"].includes(daemon.pm2_env.status)) {
    throw new Error(
      `rollwatch is not running (${daemon?.pm2_env.status ?? "unknown to its pm2"})\n${await diagnose(watcher)}`,
    );
  }
}

async function diagnose(watcher: Watcher): Promise<string> {
  const limit = AbortSignal.timeout(2000);
  const status = await readOverSocket(watcher.state, "/api/v1/status", limit).catch(String);
  return `rollwatch's status: ${status.slice(0, SHOWN_STATUS)}\nrollwatch's log:\n${await watcher.log()}`;
}
