import type { CapturedPath } from "../model/release.ts";

/** The file system, with the few operations that rollwatch needs, each safe against a crash in the middle. Paths are absolute. */
export interface Files {
  /** Whole file as text; undefined when it does not exist. */
  readText(path: string): Promise<string | undefined>;
  /** sha256 in hex of a file's content; undefined when it does not exist. */
  hash(path: string): Promise<string | undefined>;
  /** Writes a temporary file beside `path`, syncs it, renames it into place, syncs the folder. */
  writeAtomic(path: string, content: string, mode: number): Promise<void>;
  /** `file`, `directory`, `link` (not followed) or `absent`; anything else (socket, device) is `other`. */
  kind(path: string): Promise<"file" | "directory" | "link" | "absent" | "other">;
  /** Makes the folder and its parents with `mode`. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Names in a folder, sorted; empty when it does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** rename(2), then both folders synced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes file or tree; nothing when it is absent. */
  remove(path: string): Promise<void>;
  /**
   * Copies a file, link or tree as reflinks where the file system has them, else as copies, with modes, links as links;
   * everything is synced before it returns. `to` must not exist. Sockets, devices and FIFOs are refused.
   */
  copy(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Kind, digest, count and size of a path under `root` (see CapturedPath); `absent` when it does not exist. */
  measure(root: string, path: string, signal: AbortSignal): Promise<CapturedPath>;
  /** Free bytes for an ordinary user on the file system of `path`. */
  freeBytes(path: string): Promise<number>;
  /** Permission bits and owner of a path. */
  access(path: string): Promise<{ readonly mode: number; readonly uid: number }>;
}
