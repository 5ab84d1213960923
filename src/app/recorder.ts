import { join } from "node:path";
import { messageOf } from "../model/failure.ts";
import {
  RECORDING_VERSION,
  type Recorded,
  type RecordingHeader,
  type RecordingSettings,
} from "../model/recording.ts";
import type { Clock } from "../system/clock.ts";
import type { Segments } from "../system/segments.ts";

/** Time between two writes: what a crash costs. */
const FLUSH_MS = 10_000;
/** Lines that may wait for a disk; beyond that the newest are given up. */
const MOST_WAITING = 50_000;
/** A file is followed by another one at this part of the room or of the time, so that old ones can be deleted. */
const PARTS = 16;
const SUFFIX = ".ndjson.gz";

/** Keeps what the judgement was told, apart from everything that acts: nothing waits for it, and it never fails. */
export interface Recorder {
  /** Remembers an event until the next write. */
  record(event: Recorded): void;
  /** Writes from time to time until the signal aborts, and once more then. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RecorderInput {
  readonly settings: RecordingSettings;
  readonly state: string;
  readonly application: string;
  readonly version: string;
  readonly clock: Clock;
  readonly segments: Segments;
  /** The events that every file begins with, so that each can be replayed alone. */
  readonly beginning: () => readonly Recorded[];
  /** Told once, when nothing more can be recorded. */
  readonly onFailure: (reason: string) => void;
}

/** Where the recordings of a daemon lie. */
export function recordingsFolder(state: string): string {
  return join(state, "recordings");
}

/**
 * States: between files -> in a file -> between files (it is full or old) | stopped (a write failed; until the next start).
 */
export function openRecorder(input: RecorderInput): Recorder {
  const { settings, clock } = input;
  let waiting: string[] = [];
  /** What was so when the first of them came. */
  let before: readonly Recorded[] = [];
  let file: OpenFile | undefined;
  let isStopped = !settings.enabled;

  async function flush(): Promise<void> {
    if (isStopped || waiting.length === 0) {
      return;
    }
    const batch = { before, lines: waiting };
    waiting = [];
    try {
      file = await write(input, file, batch);
    } catch (error) {
      isStopped = true;
      input.onFailure(messageOf(error));
    }
  }

  return {
    record: (event) => {
      if (!isStopped && waiting.length < MOST_WAITING) {
        before = waiting.length === 0 ? input.beginning() : before;
        waiting.push(JSON.stringify(event));
      }
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(FLUSH_MS, signal).catch(() => undefined);
        await flush();
      }
      // What came while the last batch was being written.
      await flush();
    },
  };
}

interface Batch {
  readonly before: readonly Recorded[];
  readonly lines: readonly string[];
}

interface OpenFile {
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

/** Adds a batch to the file, or to a new one; returns the file that goes on, undefined when it is full. */
async function write(
  input: RecorderInput,
  file: OpenFile | undefined,
  { before, lines }: Batch,
): Promise<OpenFile | undefined> {
  const isNew = file === undefined;
  const current = file ?? begun(input.clock.now());
  const head = isNew ? firstLines(input, current.at, before) : [];
  const text = [...head, ...lines].map((line) => `${line}\n`).join("");
  const added = await input.segments.append(recordingsFolder(input.state), current.name, text);
  const next = { ...current, bytes: current.bytes + added };
  const isOver = isFull(input, next);
  if (isNew || isOver) {
    await deleteOld(input, current.name);
  }
  return isOver ? undefined : next;
}

function begun(at: number): OpenFile {
  return { name: nameOf(at), at, bytes: 0 };
}

function isFull({ settings, clock }: RecorderInput, { at, bytes }: OpenFile): boolean {
  const ageMs = Math.abs(clock.now() - at);
  return bytes >= settings.maxSize / PARTS || ageMs >= settings.keep / PARTS;
}

function firstLines(
  input: RecorderInput,
  at: number,
  before: readonly Recorded[],
): readonly string[] {
  const { application, version } = input;
  const header: RecordingHeader = {
    format: "rollwatch-recording",
    version: RECORDING_VERSION,
    application,
    by: version,
    at,
  };
  return [header, ...before].map((one) => JSON.stringify(one));
}

async function deleteOld(input: RecorderInput, current: string): Promise<void> {
  const { settings, clock, segments } = input;
  const folder = recordingsFolder(input.state);
  const own = (await segments.list(folder)).filter((one) => one.name.endsWith(SUFFIX));
  const oldest = nameOf(clock.now() - settings.keep);
  // The file that is written to takes its part of the room at once, and may exceed it by a batch.
  let room = settings.maxSize - (2 * settings.maxSize) / PARTS;
  for (const { name, bytes } of own.toReversed()) {
    if (name !== current) {
      room -= bytes;
      if (room < 0 || name < oldest) {
        await segments.remove(folder, name);
      }
    }
  }
}

/** Of some names, those of files in which something since `at` may stand: a file ends where the next one begins. */
export function namesSince(names: readonly string[], at: number): readonly string[] {
  const sorted = names.toSorted();
  return sorted.filter((_, index) => (sorted[index + 1] ?? "~") > nameOf(at));
}

/** Names sort as their times do. */
function nameOf(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-:.]/gu, "")}${SUFFIX}`;
}
