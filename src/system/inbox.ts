import { z } from "zod";
import type { Clock } from "./clock.ts";
import type { Files } from "./files.ts";

/** When a service last said that it is at work. */
export interface CheckIn {
  /** Ms since the epoch. */
  readonly at: number;
  /** The same moment in monotonic time; absent when that was before this process began. */
  readonly heardAt?: number;
}

/** What others told rollwatch. It is kept in a file, so that a restart of rollwatch forgets nobody. */
export interface Inbox {
  /** Since when this process listens, in monotonic time. */
  readonly since: number;
  checkIn(signal: string): Promise<void>;
  /** The newest check-in for a signal; undefined when there never was one. */
  lastCheckIn(signal: string): Promise<CheckIn | undefined>;
}

/** What the inbox is kept with. */
export interface InboxPorts {
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly files: Pick<Files, "readText" | "writeAtomic">;
}

/** A check-in is written when the one in the file is older: a service may check in every second. */
const WRITE_EVERY_MS = 60_000;
const OWNER_ONLY = 0o600;

const Kept = z.object({ checkIns: z.record(z.string(), z.object({ at: z.number() })) });

/** The inbox in a file, which is read when it is first needed. A file that is no inbox counts as none. */
export function openInbox(path: string, { clock, files }: InboxPorts): Inbox {
  const checkIns = new Map<string, CheckIn>();
  const writtenAt = new Map<string, number>();
  let reading: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    for (const [signal, { at }] of Object.entries(parse(await files.readText(path)).checkIns)) {
      checkIns.set(signal, checkIns.get(signal) ?? { at });
    }
  }

  async function ready(): Promise<void> {
    reading ??= read();
    try {
      await reading;
    } catch (error) {
      reading = undefined;
      throw error;
    }
  }

  async function write(): Promise<void> {
    const kept = [...checkIns].map(([signal, { at }]) => [signal, { at }] as const);
    const content = JSON.stringify({ checkIns: Object.fromEntries(kept) });
    await files.writeAtomic(path, `${content}\n`, OWNER_ONLY);
  }

  return {
    since: clock.monotonic(),
    checkIn: async (signal) => {
      const heardAt = clock.monotonic();
      checkIns.set(signal, { at: clock.now(), heardAt });
      await ready();
      if (heardAt - (writtenAt.get(signal) ?? Number.NEGATIVE_INFINITY) < WRITE_EVERY_MS) {
        return;
      }
      writtenAt.set(signal, heardAt);
      // One after the other: an older state must not be written over a newer one.
      writing = writing.catch(() => undefined).then(write);
      await writing;
    },
    lastCheckIn: async (signal) => {
      await ready();
      return checkIns.get(signal);
    },
  };
}

function parse(text: string | undefined): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(text ?? ""));
  } catch {
    return { checkIns: {} };
  }
}
