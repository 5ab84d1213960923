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

/** A moment as people read it in a notice: `2026-11-22 15:30:12 UTC`. */
export function tellTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
