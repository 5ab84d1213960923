import { z } from "zod";
import type { AlertmanagerMessage } from "../model/incoming.ts";
import { type AlertBoard, openAlertBoard } from "./alert-board.ts";
import type { Clock } from "./clock.ts";
import type { Files } from "./files.ts";

/** When a service last said that it is at work. */
export interface CheckIn {
  /** Ms since the epoch. */
  readonly at: number;
  /** The same moment in monotonic time; absent when that was before this process began. */
  readonly heardAt?: number;
}

/** What a program last said about a signal. */
export interface HeardReport {
  /** Ms since the epoch. */
  readonly at: number;
  readonly state: "bad" | "good";
  readonly reason: string;
  /** The contact whose token it showed. */
  readonly by: string;
}

/**
 * What others told rollwatch. Check-ins and reports are kept in a file, so that a restart of rollwatch forgets nobody; alerts
 * are not, since Alertmanager repeats them.
 */
export interface Inbox {
  /** Since when this process listens, in monotonic time. */
  readonly since: number;
  checkIn(signal: string): Promise<void>;
  /** The newest check-in for a signal; undefined when there never was one. */
  lastCheckIn(signal: string): Promise<CheckIn | undefined>;
  hearAlerts(message: AlertmanagerMessage): void;
  alerts(): ReturnType<AlertBoard["now"]>;
  hearReport(signal: string, report: Omit<HeardReport, "at">): Promise<void>;
  /** The newest report about a signal; undefined when there never was one. */
  lastReport(signal: string): Promise<HeardReport | undefined>;
}

/** What the inbox is kept with. */
export interface InboxPorts {
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly files: Pick<Files, "readText" | "writeAtomic">;
}

/** A check-in is written when the one in the file is older: a service may check in every second. */
const WRITE_EVERY_MS = 60_000;
const OWNER_ONLY = 0o600;

const Kept = z.object({
  checkIns: z.record(z.string(), z.object({ at: z.number() })).default({}),
  reports: z
    .record(
      z.string(),
      z.object({
        at: z.number(),
        state: z.enum(["bad", "good"]),
        reason: z.string(),
        by: z.string(),
      }),
    )
    .default({}),
});

/** The inbox in a file, which is read when it is first needed. A file that is no inbox counts as none. */
export function openInbox(path: string, { clock, files }: InboxPorts): Inbox {
  const memory: InboxMemory = { checkIns: new Map(), reports: new Map() };
  const writtenAt = new Map<string, number>();
  const board = openAlertBoard(clock);
  const file = openInboxFile(path, files, memory);
  return {
    since: clock.monotonic(),
    checkIn: async (signal) => {
      const heardAt = clock.monotonic();
      memory.checkIns.set(signal, { at: clock.now(), heardAt });
      await file.ready();
      if (heardAt - (writtenAt.get(signal) ?? Number.NEGATIVE_INFINITY) >= WRITE_EVERY_MS) {
        writtenAt.set(signal, heardAt);
        await file.keep();
      }
    },
    lastCheckIn: async (signal) => {
      await file.ready();
      return memory.checkIns.get(signal);
    },
    hearAlerts: (message) => board.hear(message),
    alerts: () => board.now(),
    hearReport: async (signal, report) => {
      memory.reports.set(signal, { ...report, at: clock.now() });
      await file.ready();
      await file.keep();
    },
    lastReport: async (signal) => {
      await file.ready();
      return memory.reports.get(signal);
    },
  };
}

/** What outlives the process. */
interface InboxMemory {
  readonly checkIns: Map<string, CheckIn>;
  readonly reports: Map<string, HeardReport>;
}

interface InboxFile {
  /** Returns when the memory holds what was in the file, too. */
  ready(): Promise<void>;
  keep(): Promise<void>;
}

function openInboxFile(path: string, files: InboxPorts["files"], memory: InboxMemory): InboxFile {
  const { checkIns, reports } = memory;
  let reading: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    const kept = parse(await files.readText(path));
    addMissing(checkIns, kept.checkIns);
    addMissing(reports, kept.reports);
  }

  async function write(): Promise<void> {
    const heard = [...checkIns].map(([signal, { at }]) => [signal, { at }] as const);
    const kept = { checkIns: Object.fromEntries(heard), reports: Object.fromEntries(reports) };
    await files.writeAtomic(path, `${JSON.stringify(kept)}\n`, OWNER_ONLY);
  }

  return {
    ready: async () => {
      reading ??= read();
      try {
        await reading;
      } catch (error) {
        reading = undefined;
        throw error;
      }
    },
    keep: async () => {
      // One after the other: an older state must not be written over a newer one.
      writing = writing.catch(() => undefined).then(write);
      await writing;
    },
  };
}

/** What was heard before the file was read is newer than what is in it. */
function addMissing<Value>(to: Map<string, Value>, from: Readonly<Record<string, Value>>): void {
  for (const [signal, value] of Object.entries(from)) {
    if (!to.has(signal)) {
      to.set(signal, value);
    }
  }
}

function parse(text: string | undefined): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(text ?? ""));
  } catch {
    return Kept.parse({});
  }
}
