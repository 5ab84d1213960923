import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { rotatedName, slice, withFile } from "./log-file.ts";

/** What was appended to a log since the look before. */
export type Followed =
  | {
      readonly kind: "followed";
      /** Whole lines, oldest first; a last one that is still being written comes when it is whole. */
      readonly lines: readonly string[];
      /** Of the first look: the last lines that were there before, which are not counted among the new ones. */
      readonly earlier: readonly string[];
      /** Bytes that were left out: more than is read at once, or gone with a rotation (at least 1). */
      readonly skippedBytes: number;
    }
  /** There is no such regular file, and there was none before. */
  | { readonly kind: "missing" }
  /** rollwatch may not read it. */
  | { readonly kind: "denied"; readonly detail: string };

/**
 * Follows one log file from the end that it has at the first look. A file that is renamed is read to its end under its new
 * name, also while its writer has not noticed yet; one that is emptied in place is read from its beginning.
 */
export interface LogFollower {
  /** Reads at most 1 MiB of each file, the newest. */
  next(signal: AbortSignal): Promise<Followed>;
}

const MAX_BYTES = 1024 * 1024;
/** Of the first look. */
const EARLIER_BYTES = 64 * 1024;
/** A line that is longer is given up, and told as one of this length. */
const LONGEST_LINE = 64 * 1024;
/** Bytes by which a place is known again. */
const KNOWN_BYTES = 64;
/** Looks for which a renamed file is still read: its writer may hold it open for a while. */
const LOOKS_AFTER_ROTATION = 12;

/** Where reading goes on. */
interface Place {
  readonly inode: number;
  readonly offset: number;
  /** The bytes just before: a file that was emptied and grew again has others. */
  readonly before: string;
  /** Whether the place lies within a line that is given up. */
  readonly isWithin: boolean;
}

/** A renamed file, and for how many looks more it is read. */
interface Renamed {
  readonly place: Place;
  readonly looks: number;
}

interface Part {
  readonly place: Place;
  readonly lines: readonly string[];
  readonly skippedBytes: number;
}

/** A follower of the file at `path` that has not looked yet. */
export function followLog(path: string): LogFollower {
  let isFirst = true;
  let current: Place | undefined;
  let renamed: Renamed | undefined;

  async function begin(): Promise<Followed> {
    const first = await withFile(path, endOf);
    isFirst = false;
    current = first?.place;
    return first === undefined
      ? { kind: "missing" }
      : { kind: "followed", lines: [], earlier: first.lines, skippedBytes: 0 };
  }

  async function readRenamed(): Promise<Lines> {
    if (renamed === undefined) {
      return NOTHING;
    }
    const { place, looks } = renamed;
    const part = await readOld(path, place);
    renamed =
      part === undefined || looks <= 1 ? undefined : { place: part.place, looks: looks - 1 };
    return part ?? { lines: [], skippedBytes: 1 };
  }

  async function readCurrent(): Promise<Lines> {
    const before = current;
    const part = await withFile(path, async (file, stats) =>
      read(before?.inode === stats.ino ? before : beginningOf(stats.ino), [file, stats]),
    );
    if (before !== undefined && part?.place.inode !== before.inode) {
      renamed = { place: before, looks: LOOKS_AFTER_ROTATION };
    }
    current = part?.place;
    return part ?? NOTHING;
  }

  async function goOn(): Promise<Followed> {
    const young = await readCurrent();
    if (current === undefined && renamed === undefined) {
      return { kind: "missing" };
    }
    const old = await readRenamed();
    const lines = [...old.lines, ...young.lines];
    const skippedBytes = old.skippedBytes + young.skippedBytes;
    return { kind: "followed", lines, earlier: [], skippedBytes };
  }

  return { next: async (signal) => unlessDenied(path, isFirst ? begin : goOn, signal) };
}

async function unlessDenied(
  path: string,
  look: () => Promise<Followed>,
  signal: AbortSignal,
): Promise<Followed> {
  signal.throwIfAborted();
  try {
    return await look();
  } catch (error) {
    if (isDenied(error)) {
      return { kind: "denied", detail: `rollwatch may not read ${path}` };
    }
    throw error;
  } finally {
    signal.throwIfAborted();
  }
}

type Lines = Omit<Part, "place">;

const NOTHING: Lines = { lines: [], skippedBytes: 0 };

/** A renamed file; undefined when it is gone, or kept from us. */
async function readOld(path: string, place: Place): Promise<Part | undefined> {
  const name = await rotatedName(path, place.inode);
  try {
    return name === undefined
      ? undefined
      : await withFile(name, async (file, stats) => read(place, [file, stats]));
  } catch (error) {
    if (isDenied(error)) {
      return undefined;
    }
    throw error;
  }
}

function isDenied(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM")
  );
}

function beginningOf(inode: number): Place {
  return { inode, offset: 0, before: "", isWithin: false };
}

/** The end of the file, and the last lines before it. */
async function endOf(file: FileHandle, { ino, size }: Stats): Promise<Part> {
  const start = Math.max(0, size - EARLIER_BYTES);
  const from = { inode: ino, offset: start, before: "", isWithin: start > 0 };
  const { lines } = linesOf(from, await slice(file, start, size));
  const last = await slice(file, size - 1, size);
  const isWithin = size > 0 && last[0] !== 0x0a;
  return {
    place: await placeAt(file, { ...from, offset: size, isWithin }),
    lines,
    skippedBytes: 0,
  };
}

async function read(known: Place, [file, stats]: readonly [FileHandle, Stats]): Promise<Part> {
  const { size } = stats;
  const isSame = await isStillAt(file, known, size);
  const from = isSame ? known : beginningOf(known.inode);
  const start = Math.max(from.offset, size - MAX_BYTES);
  const skipped = start - from.offset;
  const begin = { ...from, offset: start, isWithin: from.isWithin || skipped > 0 };
  const { lines, offset, isWithin } = linesOf(begin, await slice(file, start, size));
  const place = await placeAt(file, { inode: known.inode, offset, isWithin });
  // What stood there when the file was emptied is lost, or was read before.
  return { place, lines, skippedBytes: skipped };
}

async function isStillAt(
  file: FileHandle,
  { offset, before }: Place,
  size: number,
): Promise<boolean> {
  return offset <= size && (await bytesBefore(file, offset)) === before;
}

async function placeAt(file: FileHandle, place: Omit<Place, "before">): Promise<Place> {
  return { ...place, before: await bytesBefore(file, place.offset) };
}

async function bytesBefore(file: FileHandle, offset: number): Promise<string> {
  return (await slice(file, Math.max(0, offset - KNOWN_BYTES), offset)).toString("latin1");
}

/** The whole lines of a piece, and where the next one begins. */
function linesOf(
  { offset, isWithin }: Pick<Place, "offset" | "isWithin">,
  bytes: Buffer,
): { readonly lines: readonly string[]; readonly offset: number; readonly isWithin: boolean } {
  const lines: string[] = [];
  let isRest = isWithin;
  let at = 0;
  for (let end = bytes.indexOf(0x0a, at); end !== -1; end = bytes.indexOf(0x0a, at)) {
    if (!isRest) {
      lines.push(textOf(bytes.subarray(at, end)));
    }
    isRest = false;
    at = end + 1;
  }
  const left = bytes.length - at;
  if (isRest || left > LONGEST_LINE) {
    // A line that nobody ends is told once, and its rest is not read again.
    return {
      lines: isRest ? lines : [...lines, textOf(bytes.subarray(at))],
      offset: offset + bytes.length,
      isWithin: true,
    };
  }
  return { lines, offset: offset + at, isWithin: false };
}

/** Emptied under a writer that does not append, a file begins with zeros. */
function textOf(bytes: Buffer): string {
  return bytes
    .toString("utf8", 0, Math.min(bytes.length, LONGEST_LINE))
    .replace(/^\0+/u, "")
    .replace(/\r$/u, "");
}
