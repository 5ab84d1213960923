import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { rotatedName, slice, withFile } from "./log-file.ts";
import { followLog, type LogFollower } from "./log-follower.ts";

/** A place in a log file that is found again when the file was rotated or truncated meanwhile. */
export interface LogMark {
  readonly inode: number;
  readonly size: number;
  /** The last bytes before the place: a file that was emptied and grew again has others. */
  readonly before: string;
}

/** A line of a log file. */
interface LogLine {
  readonly text: string;
  /** Whether it was written after the mark; without a mark every line was. */
  readonly isFresh: boolean;
}

/** The end of a log file, oldest line first, without a last line that is still being written. */
export interface LogTail {
  readonly lines: readonly LogLine[];
  /** Whether lines since the mark are missing: more than is read at once, or gone with a rotation. */
  readonly isCut: boolean;
}

/** Log files that others write. */
export interface Logs {
  /** The present end of the file; undefined when there is no such regular file. */
  mark(path: string): Promise<LogMark | undefined>;
  /** The last 1 MiB; an absent file has no lines. Throws where the file may not be read or is none. */
  read(path: string, mark: LogMark | undefined, signal: AbortSignal): Promise<LogTail>;
  /** Reads what is appended to a file from now on, over rotations. */
  follow(path: string): LogFollower;
}

const MAX_BYTES = 1024 * 1024;
/** Bytes by which a mark knows its file again. */
const MARK_BYTES = 64;

/** The machine's log files. */
export function openLogs(): Logs {
  return { mark, read, follow: followLog };
}

async function mark(path: string): Promise<LogMark | undefined> {
  return withFile(path, async (file, { ino, size }) => {
    const start = Math.max(0, size - MARK_BYTES);
    const before = (await slice(file, start, size)).toString("latin1");
    return { inode: ino, size: start + before.length, before };
  });
}

const NOTHING: LogTail = { lines: [], isCut: false };

async function read(
  path: string,
  from: LogMark | undefined,
  signal: AbortSignal,
): Promise<LogTail> {
  signal.throwIfAborted();
  const tail = await withFile(path, async (file, stats) => tailOf(file, stats, from));
  const isAnother = from !== undefined && tail?.inode !== from.inode;
  const earlier = isAnother ? await rotated(path, from) : undefined;
  signal.throwIfAborted();
  const { lines, isCut } = tail ?? NOTHING;
  if (!isAnother) {
    return { lines, isCut };
  }
  return earlier === undefined
    ? { lines, isCut: true }
    : { lines: [...earlier.lines, ...lines], isCut: isCut || earlier.isCut };
}

interface Tail extends LogTail {
  readonly inode: number;
}

/** What is left of the marked file under the name it was rotated to, beside its old one. */
async function rotated(path: string, from: LogMark): Promise<Tail | undefined> {
  const name = await rotatedName(path, from.inode);
  return name === undefined
    ? undefined
    : withFile(name, async (file, stats) => tailOf(file, stats, from));
}

async function tailOf(file: FileHandle, stats: Stats, from: LogMark | undefined): Promise<Tail> {
  const { size, ino } = stats;
  const isMarked = from?.inode === ino;
  const isSame = isMarked && (await isStillAt(file, from, size));
  const freshFrom = isSame ? from.size : 0;
  const start = Math.max(0, size - MAX_BYTES);
  const bytes = await slice(file, start, size);
  const firstWhole = start === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  const lines: LogLine[] = [];
  let at = firstWhole;
  for (let end = bytes.indexOf(0x0a, at); end !== -1; end = bytes.indexOf(0x0a, at)) {
    const isFresh = start + end >= freshFrom;
    lines.push({ text: bytes.toString("utf8", at, end).replace(/\r$/u, ""), isFresh });
    at = end + 1;
  }
  return { lines, inode: ino, isCut: start > freshFrom || (isMarked && !isSame) };
}

async function isStillAt(file: FileHandle, from: LogMark, size: number): Promise<boolean> {
  if (size < from.size) {
    return false;
  }
  const before = await slice(file, from.size - from.before.length, from.size);
  return before.toString("latin1") === from.before;
}
