import { Failure } from "../../../src/model/failure.ts";
import type { Git } from "../../../src/system/git.ts";

/** A repository in memory: commits by id, tags, HEAD. */
export interface FakeGit extends Git {
  /** Makes a commit known; with `head` (default) HEAD moves there, as a deployment does. */
  commit(id: string, options?: { readonly head: boolean }): void;
  /** Loses a commit's objects, as an aggressive gc would. */
  forget(id: string): void;
  /** When somebody last moved HEAD, ms since the epoch. Default nobody knows. */
  setMovedAt(at: number): void;
  /** Makes every question after this answer as in a folder that is no work tree. */
  setAbsent(absent: boolean): void;
  setBusy(reason: string | null): void;
  /** What the commit at HEAD has directly in the folder. Default nothing. */
  setNames(names: readonly string[]): void;
  /** Makes the folder a part of a larger work tree. */
  setPart(part: boolean): void;
  /** What was done: `tag NAME COMMIT`, `pointHead COMMIT`. */
  readonly calls: readonly string[];
}

/** Makes a repository without commits; the same one whatever the root. */
export function fakeGit(): FakeGit {
  const commits = new Set<string>();
  const tags = new Map<string, string>();
  const calls: string[] = [];
  let head: string | null = null;
  let busy: string | null = null;
  let absent = false;
  let movedAt: number | null = null;
  let isPart = false;
  let tracked: readonly string[] = [];

  function requireCommit(id: string): void {
    if (absent || !commits.has(id)) {
      throw new Failure("git-refused", `the repository has no commit ${id}`, { hint: "fetch it" });
    }
  }

  return {
    calls,
    commit(id, options = { head: true }) {
      commits.add(id);
      head = options.head ? id : head;
    },
    forget(id) {
      commits.delete(id);
    },
    setAbsent(value) {
      absent = value;
    },
    setMovedAt(at) {
      movedAt = at;
    },
    async headMovedAt(_root, signal) {
      signal.throwIfAborted();
      return absent ? null : movedAt;
    },
    setPart(value) {
      isPart = value;
    },
    setBusy(reason) {
      busy = reason;
    },
    setNames(names) {
      tracked = names;
    },
    async trackedNames(_root, signal) {
      signal.throwIfAborted();
      return absent || head === null ? [] : tracked.toSorted();
    },
    async head(_root, signal) {
      signal.throwIfAborted();
      return absent ? null : head;
    },
    async tag(...[, name, commit, , signal]) {
      signal.throwIfAborted();
      requireCommit(commit);
      const standing = tags.get(name);
      if (standing !== undefined && standing !== commit) {
        throw new Failure("git-refused", `tag ${name} stands on ${standing}`, {
          hint: "take another name",
        });
      }
      tags.set(name, commit);
      calls.push(`tag ${name} ${commit}`);
    },
    async resolveTag(_root, name, signal) {
      signal.throwIfAborted();
      return absent ? null : (tags.get(name) ?? null);
    },
    async isTop() {
      return !absent && !isPart;
    },
    async hasCommit(_root, commit, signal) {
      signal.throwIfAborted();
      return !absent && commits.has(commit);
    },
    async pointHead(_root, commit, signal) {
      signal.throwIfAborted();
      requireCommit(commit);
      head = commit;
      calls.push(`pointHead ${commit}`);
    },
    async busy() {
      return busy;
    },
  };
}
