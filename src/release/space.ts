import type { CapturedPath } from "../model/release.ts";

const MARGIN_RATIO = 1.1;
const RESERVE_BYTES = 64 * 1024 * 1024;

/** Bytes that must be free before these paths are copied: their size, a tenth more, and 64 MiB that stay free. */
export function bytesNeeded(paths: readonly CapturedPath[]): number {
  return Math.ceil(paths.reduce((sum, { bytes }) => sum + bytes, 0) * MARGIN_RATIO) + RESERVE_BYTES;
}
