import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import { slice } from "./log-file.ts";

/** The pages that an application's processes keep in a folder (`rollwatch/instrument`), put together. */
export type MetricsPages =
  | { readonly kind: "read"; readonly text: string }
  /** No folder, or no process that wrote its page lately. */
  | { readonly kind: "none"; readonly detail: string }
  | { readonly kind: "denied"; readonly detail: string };

/** Folders of metrics. */
export interface MetricsFolders {
  read(folder: string, signal: AbortSignal): Promise<MetricsPages>;
}

const PAGE = /^\d+\.prom$/u;
/** A page that was not written for this long is of a process that stands still, or was killed. */
const FRESH_MS = 15_000;
const MAX_PAGES = 128;
const MAX_PAGE_BYTES = 512 * 1024;
const MAX_BYTES = 4 * 1024 * 1024;

/** The machine's folders. */
export function openMetricsFolders(clock: Pick<Clock, "now">): MetricsFolders {
  return { read: async (folder, signal) => readFolder(folder, clock.now(), signal) };
}

async function readFolder(folder: string, now: number, signal: AbortSignal): Promise<MetricsPages> {
  signal.throwIfAborted();
  try {
    const pages = await readPages(folder, now);
    return pages.length === 0
      ? { kind: "none", detail: `no process wrote to ${folder} lately` }
      : { kind: "read", text: pages.join("\n") };
  } catch (error) {
    return explain(error, folder);
  } finally {
    signal.throwIfAborted();
  }
}

async function readPages(folder: string, now: number): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => PAGE.test(name)).slice(0, MAX_PAGES);
  const pages: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const page = await readPage(join(folder, name), now);
    bytes += page?.length ?? 0;
    if (page !== undefined && bytes <= MAX_BYTES) {
      pages.push(page);
    }
  }
  return pages;
}

function explain(error: unknown, folder: string): MetricsPages {
  switch (codeOf(error)) {
    case "EACCES":
    case "EPERM":
      return { kind: "denied", detail: `rollwatch may not read ${folder}` };
    case "ENOENT":
    case "ENOTDIR":
      return { kind: "none", detail: `there is no folder ${folder}` };
    default:
      throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Undefined for a page that is old, gone, too large, or no regular file. */
async function readPage(path: string, now: number): Promise<string | undefined> {
  const file = await open(
    path,
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
  ).catch(ifGone);
  if (file === undefined) {
    return undefined;
  }
  try {
    const stats = await file.stat();
    const isFresh = stats.isFile() && now - stats.mtimeMs <= FRESH_MS;
    return isFresh && stats.size <= MAX_PAGE_BYTES
      ? (await slice(file, 0, stats.size)).toString("utf8")
      : undefined;
  } finally {
    await file.close();
  }
}

/** A process may end between the look at the folder and the one at its page; a link is none of ours. */
function ifGone(error: unknown): undefined {
  const code = codeOf(error);
  if (code !== "ENOENT" && code !== "ELOOP") {
    throw error;
  }
}
