import { type MemoryUse, shareOf } from "../system/memory.ts";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

/** Bytes as people read them: `340 MiB`, `1.5 GiB`. */
export function tellBytes(bytes: number): string {
  if (bytes >= GIBIBYTE) {
    return `${(bytes / GIBIBYTE).toFixed(1)} GiB`;
  }
  return bytes >= MEBIBYTE
    ? `${Math.round(bytes / MEBIBYTE)} MiB`
    : `${Math.round(bytes / KIBIBYTE)} KiB`;
}

/** How full something is: `the host: 3.9 GiB of 8.0 GiB (49 %)`. */
export function tellUse(name: string, use: MemoryUse): string {
  const percent = Math.round(shareOf(use) * 100);
  return `${name}: ${tellBytes(use.usedBytes)} of ${tellBytes(use.limitBytes)} (${percent} %)`;
}
