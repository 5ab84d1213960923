import { appendFile, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { promisify } from "node:util";
import { constants, createGunzip, gzip } from "node:zlib";
import { Failure, messageOf } from "../model/failure.ts";

const compress = promisify(gzip);
/** A longer line is none of ours. */
const MAX_LINE_CHARS = 256 * 1024;
/** Text of one file; what is longer was made to fill the memory. */
const MAX_TEXT_CHARS = 2 ** 31;

/** A file of a folder. */
export interface Segment {
  readonly name: string;
  readonly bytes: number;
}

/** How the reading of a file ended; `torn`: in the middle, as after a crash. */
export type SegmentEnd =
  | { readonly kind: "whole" }
  | { readonly kind: "torn" }
  /** What is read is no gzip, or grew beyond every measure. */
  | { readonly kind: "refused"; readonly reason: string };

/** Compressed text files that only grow, one batch of lines at a time. Paths are absolute. */
export interface Segments {
  /** Adds the text as a gzip member of its own, for its owner alone; returns the bytes that it took. Makes the folder. */
  append(folder: string, name: string, text: string): Promise<number>;
  /** The files of a folder by name; empty when it does not exist. */
  list(folder: string): Promise<readonly Segment[]>;
  remove(folder: string, name: string): Promise<void>;
  /** Tells every whole line, gzip or plain; rejects when the file cannot be opened. */
  read(path: string, onLine: (line: string) => void): Promise<SegmentEnd>;
}

/** The machine's file system. */
export function openSegments(): Segments {
  return {
    append: async (folder, name, text) => {
      const packed = await compress(text);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await appendFile(join(folder, name), packed, { mode: 0o600 });
      return packed.byteLength;
    },
    list,
    remove: async (folder, name) => rm(join(folder, name), { force: true }),
    read,
  };
}

async function list(folder: string): Promise<readonly Segment[]> {
  const found: Segment[] = [];
  for (const name of await namesIn(folder)) {
    const facts = await stat(join(folder, name));
    if (facts.isFile()) {
      found.push({ name, bytes: facts.size });
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const names: readonly string[] = await readdir(folder);
    return names.toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return [];
    }
    throw error;
  }
}

async function read(path: string, onLine: (line: string) => void): Promise<SegmentEnd> {
  const file = await open(path, "r");
  const raw = file.createReadStream();
  // What a torn member holds up to the tear is given, too.
  const unpacked = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  const text = path.endsWith(".gz") ? pipeline(raw, unpacked, () => undefined) : raw;
  text.setEncoding("utf8");
  const splitter = splitLines(onLine);
  try {
    for await (const chunk of text) {
      const reason = splitter.take(String(chunk));
      if (reason !== undefined) {
        return { kind: "refused", reason };
      }
    }
  } catch (error) {
    if (error instanceof Failure) {
      // The listener's word about a line, not the file's.
      throw error;
    }
    return splitter.lines() === 0
      ? { kind: "refused", reason: messageOf(error) }
      : { kind: "torn" };
  } finally {
    raw.destroy();
  }
  return { kind: splitter.isWhole() ? "whole" : "torn" };
}

interface Splitter {
  /** Returns why it cannot go on; undefined when it can. */
  take(chunk: string): string | undefined;
  lines(): number;
  isWhole(): boolean;
}

function splitLines(onLine: (line: string) => void): Splitter {
  let rest = "";
  let chars = 0;
  let count = 0;
  return {
    take: (chunk) => {
      chars += chunk.length;
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        count += 1;
        onLine(line);
      }
      if (rest.length > MAX_LINE_CHARS) {
        return "a line is longer than 256 KiB";
      }
      return chars > MAX_TEXT_CHARS ? "it is longer than 2 GiB" : undefined;
    },
    lines: () => count,
    isWhole: () => rest === "",
  };
}
