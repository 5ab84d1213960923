import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { lstat, readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { assertNever } from "../model/assert-never.ts";
import { Failure } from "../model/failure.ts";
import type { CapturedPath } from "../model/release.ts";
import { forEachLimited } from "./limited.ts";

/** Something in a tree; `path` is relative to the tree's top and empty for the top itself. */
export interface TreeEntry {
  readonly path: string;
  readonly kind: "file" | "directory" | "link";
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
}

/** Files that are read, written or synced at the same time; more does not help Node's four threads. */
export const PARALLEL_FILES = 8;

const STREAM_FROM_BYTES = 1024 * 1024;
const PERMISSION_BITS = 0o7777;

/** Everything at and below `top`, parents before their children, names sorted; links are not followed. Refuses what is no file, folder or link. */
export async function walk(top: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
  const found: TreeEntry[] = [];
  const open = [""];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    signal.throwIfAborted();
    const full = join(top, path);
    const facts = await lstat(full);
    const entry = {
      path,
      kind: kindOf(facts, full),
      mode: facts.mode & PERMISSION_BITS,
      bytes: facts.size,
    };
    found.push(entry);
    if (entry.kind === "directory") {
      const names = await namesIn(full);
      open.push(...names.toReversed().map((name) => join(path, name)));
    }
  }
  return found;
}

function kindOf(facts: Stats, path: string): TreeEntry["kind"] {
  if (facts.isFile()) {
    return "file";
  }
  if (facts.isDirectory()) {
    return "directory";
  }
  if (facts.isSymbolicLink()) {
    return "link";
  }
  throw new Failure("path-refused", `${path} is a socket, a device or a FIFO`, {
    hint: "Keep such files outside the paths that make up a release, or leave this path out of `artifacts`.",
  });
}

/** The names in a folder, sorted; one that is not UTF-8 is refused. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { encoding: "buffer" });
  return names
    .map((name) => {
      if (!isUtf8(name)) {
        throw new Failure(
          "path-refused",
          `${folder} holds a name that is not UTF-8: ${JSON.stringify(name.toString("latin1"))}`,
          {
            hint: "Rename the file, or leave its folder out of `artifacts`.",
          },
        );
      }
      return name.toString("utf8");
    })
    .toSorted();
}

/** Digest, count and size of a tree: one line per entry with its path, kind, permission bits, and link target or content hash. */
export async function measureTree(
  top: string,
  signal: AbortSignal,
): Promise<Omit<CapturedPath, "path">> {
  const entries = await walk(top, signal);
  const contents = new Map<string, string>();
  await forEachLimited(entries, PARALLEL_FILES, signal, async (entry) => {
    contents.set(entry.path, await contentOf(join(top, entry.path), entry));
  });
  const digest = createHash("sha256");
  for (const entry of entries) {
    digest.update(
      `${JSON.stringify([entry.path, entry.kind, entry.mode, contents.get(entry.path)])}\n`,
    );
  }
  const files = entries.filter((entry) => entry.kind !== "directory");
  return {
    kind: entries[0]?.kind ?? "absent",
    digest: digest.digest("hex"),
    files: files.length,
    bytes: files.reduce((sum, entry) => sum + entry.bytes, 0),
  };
}

async function contentOf(path: string, entry: TreeEntry): Promise<string> {
  switch (entry.kind) {
    case "directory":
      return "";
    case "link":
      return readlink(path);
    case "file":
      return hashFile(path, entry.bytes);
    default:
      return assertNever(entry.kind);
  }
}

/** sha256 in hex of a file's content; big files are streamed. */
export async function hashFile(path: string, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (bytes < STREAM_FROM_BYTES) {
    return hash.update(await readFile(path)).digest("hex");
  }
  for await (const part of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    hash.update(part);
  }
  return hash.digest("hex");
}
