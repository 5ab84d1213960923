import { z } from "zod";

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration such as `500ms`, `5s`, `15m`, `2h` or `7d`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/u.exec(text);
  const factor = DURATION_UNITS_MS[match?.[2] ?? ""];
  if (match?.[1] === undefined || factor === undefined) {
    return undefined;
  }
  return Math.round(Number(match[1]) * factor);
}

/** A duration as people write it (`5s`, `15m`); milliseconds after parsing. */
export const Duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/u, "expected a duration such as 500ms, 5s, 15m, 2h or 7d")
  .transform((text) => parseDuration(text) ?? 0);

/** A duration that cannot be nothing, such as the time between two looks or the longest time for an answer. */
export const PositiveDuration = Duration.refine((ms) => ms > 0, "expected more than 0s");

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/u.exec(text);
  const factor = SIZE_UNITS[match?.[2] ?? ""];
  return match?.[1] === undefined || factor === undefined ? undefined : Number(match[1]) * factor;
}

function parseRatio(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/u.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]) / 100;
}

/** A size as people write it (`256MiB`); bytes after parsing. */
export const Size = z
  .string()
  .regex(/^\d+(\.\d+)?(B|KiB|MiB|GiB|TiB)$/u, "expected a size such as 256MiB")
  .transform((text) => parseSize(text) ?? 0);

/** A share as people write it (`5%`); 0..1 after parsing. */
export const Ratio = z
  .string()
  .regex(/^\d+(\.\d+)?%$/u, "expected a share such as 5%")
  .transform((text) => parseRatio(text) ?? 0)
  .refine((ratio) => ratio <= 1, "expected at most 100%");

/** The limit of a signal: a number, or with its unit a duration (seconds after parsing), a share (0..1) or a size (bytes). */
export const Limit = z.union(
  [
    z.number().min(0),
    z
      .string()
      .regex(
        /^\d+(\.\d+)?(ms|s|m|h|d|%|B|KiB|MiB|GiB|TiB)$/u,
        "expected a number, or a limit such as 500ms, 95% or 256MiB",
      )
      .transform((text) => {
        const ms = parseDuration(text);
        return ms === undefined ? (parseRatio(text) ?? parseSize(text) ?? 0) : ms / 1000;
      }),
  ],
  { error: "expected a number, or a limit such as 500ms, 95% or 256MiB" },
);

/** Shortest exact text of a duration in milliseconds: `90s`, `15m`. The inverse of `parseDuration`. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const factor = DURATION_UNITS_MS[unit] ?? 1;
    if (ms >= factor && ms % factor === 0) {
      return `${ms / factor}${unit}`;
    }
  }
  return `${ms}ms`;
}

/** Shortest exact text of a size in bytes: `64MiB`, `1.5GiB`. The inverse of what `Size` reads. */
export function formatSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const amount = bytes / (SIZE_UNITS[unit] ?? 1);
    if (amount >= 1 && Number.isInteger(amount * 4)) {
      return `${amount}${unit}`;
    }
  }
  return `${bytes}B`;
}

/** Shortest exact text of a share: `5%`, `0.1%`. The inverse of what `Ratio` reads. */
export function formatRatio(ratio: number): string {
  const percent = ratio * 100;
  const rounded = Number(percent.toPrecision(12));
  return `${rounded / 100 === ratio ? rounded : percent}%`;
}

/** Milliseconds as people read them in a sentence: `840 ms`, `4.2 s`, `3 min 20 s`. */
export function tellDuration(ms: number): string {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 60_000) {
    return `${(ms / 1000).toFixed(1)} s`;
  }
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms % 60_000) / 1000);
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}

/** A long time as people read it: `14 days`, `1 day`, or of less `7.5 hours`. */
export function tellDays(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  if (days === 0) {
    return `${(ms / 3_600_000).toFixed(1)} hours`;
  }
  return days === 1 ? "1 day" : `${days} days`;
}

/** A moment as people read it in a notice: `2026-11-22 15:30:12 UTC`. */
export function tellTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
