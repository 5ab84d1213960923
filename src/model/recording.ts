import { z } from "zod";
import { CONTROLS } from "./control.ts";
import { Change, Identity } from "./identity.ts";
import { ABSENCE_REASONS, type Reading, type Sample } from "./sample.ts";
import { SERVICE_STATUSES } from "./service.ts";
import { PositiveDuration, Size } from "./units.ts";

const SMALLEST_BYTES = 1024 ** 2;

/** Whether and how long samples are kept for `rollwatch replay`. */
export const RecordingSettings = z.strictObject({
  /** Whether samples are recorded at all. Default true. */
  enabled: z.boolean().default(true),
  /** Older files are deleted. Default 7d. */
  keep: PositiveDuration.prefault("7d"),
  /** Bytes of all files together, compressed; the oldest are deleted. At least 1MiB, default 64MiB. */
  maxSize: Size.refine((bytes) => bytes >= SMALLEST_BYTES, "expected at least 1MiB").prefault(
    "64MiB",
  ),
});
export type RecordingSettings = z.infer<typeof RecordingSettings>;

/** The newest format of recordings that this program reads and the one that it writes. */
export const RECORDING_VERSION = 1;

/** The first line of every recorded file: whose it is, and how to read the rest. */
export const RecordingHeader = z.object({
  format: z.literal("rollwatch-recording"),
  version: z.int().min(1),
  application: z.string(),
  /** The rollwatch that wrote it. */
  by: z.string(),
  /** When the file was begun, ms since the epoch. */
  at: z.number(),
});
export type RecordingHeader = z.infer<typeof RecordingHeader>;

const RecordedSample = z.object({
  kind: z.literal("sample"),
  signal: z.string(),
  at: z.number(),
  tookMs: z.number(),
  /** The value in the signal's unit; absent where nothing was measured, and then `absent` says why. */
  value: z.number().optional(),
  counts: z.object({ bad: z.number(), total: z.number() }).optional(),
  service: z.string().optional(),
  absent: z.enum(ABSENCE_REASONS).optional(),
  skipped: z.literal(true).optional(),
});

const RecordedControl = z.object({
  name: z.enum(CONTROLS),
  state: z.enum(["green", "red", "unknown"]),
  takenBy: z.enum(["application", "others", "unknown"]).optional(),
  /** When it was last red; the words are left out. */
  outage: z.object({ from: z.number(), until: z.number() }).optional(),
});
export type RecordedControl = z.infer<typeof RecordedControl>;

const RecordedService = z.object({
  name: z.string(),
  instances: z.array(
    z.object({
      status: z.enum(SERVICE_STATUSES),
      restarts: z.number(),
      startedAt: z.number(),
      autorestart: z.boolean(),
    }),
  ),
});
export type RecordedService = z.infer<typeof RecordedService>;

/**
 * A line of a recording: what the judgement was told, and when (ms since the epoch). No details of readings: those quote
 * addresses and answers.
 */
export const Recorded = z.discriminatedUnion("kind", [
  RecordedSample,
  z.object({
    kind: z.literal("controls"),
    at: z.number(),
    controls: z.array(RecordedControl),
  }),
  z.object({ kind: z.literal("services"), at: z.number(), services: z.array(RecordedService) }),
  /** What was deployed when the file was begun. */
  z.object({ kind: z.literal("identity"), at: z.number(), identity: Identity }),
  z.object({ kind: z.literal("change"), at: z.number(), change: Change }),
  /** rollwatch itself did not run for so long: what it remembered was in doubt. */
  z.object({ kind: z.literal("stood-still"), at: z.number(), ms: z.number() }),
  /** The wall clock was set; `at` is in its new time. */
  z.object({ kind: z.literal("clock-set"), at: z.number(), byMs: z.number() }),
]);
export type Recorded = z.infer<typeof Recorded>;

/** A sample as it is recorded: everything but its evidence in words. */
export function recordSample({ signal, at, tookMs, reading, skipped }: Sample): Recorded {
  const base = { kind: "sample", signal, at: tenths(at), tookMs: tenths(tookMs) } as const;
  const run = skipped === true ? { ...base, skipped } : base;
  if (reading.kind === "absent") {
    return { ...run, absent: reading.reason };
  }
  const { value, counts, service } = reading;
  return {
    ...run,
    value,
    ...(counts === undefined ? {} : { counts }),
    ...(service === undefined ? {} : { service }),
  };
}

/** A recorded sample as the judgement takes it. One without a value and without a reason was not measured. */
export function sampleOf(recorded: Extract<Recorded, { kind: "sample" }>): Sample {
  const { signal, at, tookMs, skipped } = recorded;
  const reading = readingOf(recorded);
  return { signal, at, tookMs, reading, ...(skipped === undefined ? {} : { skipped }) };
}

function readingOf(recorded: Extract<Recorded, { kind: "sample" }>): Reading {
  const { value, counts, service, absent } = recorded;
  if (value === undefined) {
    return { kind: "absent", reason: absent ?? "probe-crashed", detail: "as recorded" };
  }
  return {
    kind: "measured",
    value,
    detail: "as recorded",
    ...(counts === undefined ? {} : { counts }),
    ...(service === undefined ? {} : { service }),
  };
}

/** Tenths of a millisecond are enough, and half as long to write. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
