import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Failure, messageOf } from "../model/failure.ts";
import { tellDuration } from "../model/units.ts";
import type { Clock } from "./clock.ts";
import { sync } from "./file-copy.ts";
import { isTop, locksIn, whyBusy } from "./git-lock.ts";
import type { Finished } from "./process-run.ts";
import type { Processes } from "./process.ts";

/** The application's repository. git is identity here, never transport: nothing fetches, nothing checks out. */
export interface Git {
  /** The commit that HEAD names (40 hex digits); null when the folder is no work tree or has no commit. */
  head(root: string, signal: AbortSignal): Promise<string | null>;
  /**
   * When HEAD last came to name another commit than before, by anybody but rollwatch: ms since the epoch, to the second; null
   * where the repository keeps no record of it.
   */
  headMovedAt(root: string, signal: AbortSignal): Promise<number | null>;
  /** Makes an annotated tag on `commit`; succeeds when the tag already stands there, refuses to move one. */
  tag(
    root: string,
    name: string,
    commit: string,
    message: string,
    signal: AbortSignal,
  ): Promise<void>;
  /** The commit a tag names; null when there is no such tag. */
  resolveTag(root: string, name: string, signal: AbortSignal): Promise<string | null>;
  /** Whether the folder is the top of its work tree: HEAD of a larger one is not to be moved for a part of it. */
  isTop(root: string): Promise<boolean>;
  /** Names directly in the folder that belong to HEAD's commit, sorted; none when there is no commit. */
  trackedNames(root: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Whether the commit's objects are there. */
  hasCommit(root: string, commit: string, signal: AbortSignal): Promise<boolean>;
  /** Detaches HEAD at `commit` and makes the index match it; the work tree is left alone. */
  pointHead(root: string, commit: string, signal: AbortSignal): Promise<void>;
  /**
   * Why somebody else seems to be working in the repository (its index is locked), or that this cannot be told; null when
   * nobody is. A lock older than 15 min is a dead command's and holds nobody back. Never throws.
   */
  busy(root: string): Promise<string | null>;
}

/** What git's record of HEAD says of a move by rollwatch. */
const OWN_MOVE = "rollwatch: roll back";
/** Longest time one git command may take; none of them touches the network or the work tree. */
const DEADLINE_MS = 15_000;

const SAFE_OPTIONS = [
  "--no-optional-locks",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsmonitor=false",
  // A power cut would empty HEAD and the index: git syncs neither unless it is told.
  "-c",
  "core.fsync=all",
  // Else `git log` runs the gpg.program of the repository's configuration.
  "-c",
  "log.showSignature=false",
] as const;

/** Everything git is told beside PATH and HOME: no questions, no system file, no network, English messages, our name on tags. */
const FIXED_ENVIRONMENT = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_COMMITTER_NAME: "rollwatch",
  GIT_COMMITTER_EMAIL: "rollwatch@localhost",
  LC_ALL: "C",
} as const;

/** Runs git in a folder; `more` adds to its environment. */
type Run = (
  root: string,
  args: readonly string[],
  signal: AbortSignal,
  more?: Readonly<Record<string, string>>,
) => Promise<Finished>;

/**
 * Opens git. Only PATH and HOME of `environment` reach it. The index is written to a file of our own and renamed, so a
 * crash of ours never leaves an `index.lock` behind that nobody could tell from a stranger's.
 */
export function openGit(
  processes: Processes,
  environment: Readonly<Record<string, string>>,
  clock: Pick<Clock, "now">,
): Git {
  async function run(...[root, args, signal, more]: Parameters<Run>): Promise<Finished> {
    const env = { ...searchPath(environment), ...FIXED_ENVIRONMENT, ...more };
    const command = { program: "git", args: [...SAFE_OPTIONS, ...args], cwd: root, env };
    return requireRan(root, await processes.run({ ...command, deadlineMs: DEADLINE_MS }, signal));
  }

  return {
    async head(root, signal) {
      const args = ["rev-parse", "--is-inside-work-tree", "HEAD^{commit}"];
      const found = await run(root, args, signal);
      const [inside, commit] = found.stdout.split("\n");
      return found.status === 0 && inside === "true" ? commitIn(commit ?? "") : null;
    },
    headMovedAt: (root, signal) => headMovedAt(run, root, signal),
    async tag(...[root, name, commit, message, signal]) {
      await tag(run, root, { name, commit, message }, signal);
    },
    async resolveTag(root, name, signal) {
      return resolveTag(run, root, name, signal);
    },
    isTop,
    async trackedNames(root, signal) {
      const listed = await run(root, ["ls-tree", "-z", "--name-only", "HEAD"], signal);
      const names = listed.stdout.split("\0").filter((name) => name !== "");
      return listed.status === 0 ? names.toSorted() : [];
    },
    async hasCommit(root, commit, signal) {
      requireCommit(commit);
      // Walks every tree of the commit; its files come from the capture, so blobs are not asked for.
      const walked = await run(root, ["ls-tree", "-r", "-d", "--end-of-options", commit], signal);
      return walked.status === 0;
    },
    async pointHead(root, commit, signal) {
      await pointHead(run, root, { commit, now: clock.now() }, signal);
    },
    async busy(root) {
      try {
        return await whyBusy(root, clock.now());
      } catch (error) {
        return `git cannot tell whether somebody deploys: ${messageOf(error)}`;
      }
    },
  };
}

async function tag(
  run: Run,
  root: string,
  wanted: { readonly name: string; readonly commit: string; readonly message: string },
  signal: AbortSignal,
): Promise<void> {
  const { name, commit, message } = wanted;
  requireCommit(commit);
  const standing = await resolveTag(run, root, name, signal);
  if (standing === commit) {
    return;
  }
  if (standing !== null) {
    throw new Failure("git-refused", `tag ${name} already stands on ${standing}`, {
      hint: "rollwatch never moves a tag; delete or rename the old one if it is wrong.",
    });
  }
  const how = ["tag", "--annotate", "--no-sign", "--cleanup=verbatim", "-m", message];
  const made = await run(root, [...how, "--end-of-options", name, commit], signal);
  requireSuccess(made, `tag ${name} could not be made`);
}

async function resolveTag(
  run: Run,
  root: string,
  name: string,
  signal: AbortSignal,
): Promise<string | null> {
  requireTagName(name);
  const ref = `refs/tags/${name}^{commit}`;
  const found = await run(
    root,
    ["rev-parse", "--verify", "--quiet", "--end-of-options", ref],
    signal,
  );
  return found.status === 0 ? commitIn(found.stdout) : null;
}

async function headMovedAt(run: Run, root: string, signal: AbortSignal): Promise<number | null> {
  const args = ["log", "-g", "-50", "--date=unix", "--format=%gd %gs", "HEAD"];
  const moves = (await run(root, args, signal)).stdout.split("\n");
  const newest = moves.find((line) => !line.includes(`} ${OWN_MOVE}`)) ?? "";
  const seconds = /^HEAD@\{(\d+)\} /u.exec(newest)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

async function pointHead(
  run: Run,
  root: string,
  { commit, now }: { readonly commit: string; readonly now: number },
  signal: AbortSignal,
): Promise<void> {
  requireCommit(commit);
  const folder = await gitFolder(run, root, signal);
  if (folder === null) {
    throw refused(`${root} is no git work tree`);
  }
  if (!(await isTop(root))) {
    throw refused(`${root} is only a part of its git work tree`);
  }
  // A stale one too: git itself would refuse, and only a person may remove what is not ours.
  const [lock] = await locksIn(folder, now);
  if (lock !== undefined) {
    throw refused(`${lock.path} is there for ${tellDuration(lock.ageMs)}`);
  }
  const index = join(folder, "index.rollwatch");
  await rm(index, { force: true });
  await rm(`${index}.lock`, { force: true });
  // The index first: once HEAD names the commit, all of it is done.
  const read = await run(root, ["read-tree", commit], signal, { GIT_INDEX_FILE: index });
  requireSuccess(read, `the index could not be made from ${commit}`);
  await rename(index, join(folder, "index"));
  const args = ["update-ref", "--no-deref", "-m", OWN_MOVE, "HEAD", commit];
  requireSuccess(await run(root, args, signal), `HEAD could not be set to ${commit}`);
  // Both came to their names by a rename, which only the folder keeps.
  await sync(folder);
}

async function gitFolder(run: Run, root: string, signal: AbortSignal): Promise<string | null> {
  const found = await run(root, ["rev-parse", "--absolute-git-dir"], signal);
  return found.status === 0 ? found.stdout.trimEnd() : null;
}

function searchPath(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => name === "PATH" || name === "HOME"),
  );
}

/** Turns the ends that no caller can use into failures; git's own "no" is left to the caller. */
function requireRan(root: string, finished: Finished): Finished {
  if (finished.kind === "not-found") {
    throw new Failure("program-missing", "git is not installed or not in PATH", {
      hint: "Install git, or add its folder to the PATH that rollwatch is started with.",
    });
  }
  if (finished.kind === "timed-out") {
    throw new Failure("git-refused", `git did not answer within ${DEADLINE_MS} ms in ${root}`, {
      hint: "Look whether the disk is slow or another git command hangs there.",
    });
  }
  if (finished.stderr.includes("dubious ownership")) {
    throw new Failure("git-refused", `git does not trust ${root}: another user owns it`, {
      hint: `Run rollwatch as the owner, or: git config --global --add safe.directory ${root}`,
    });
  }
  return finished;
}

function requireSuccess(finished: Finished, what: string): void {
  if (finished.status !== 0) {
    throw refused(`${what}: ${finished.stderr.trim().split("\n").at(-1) ?? ""}`);
  }
}

function refused(message: string): Failure {
  return new Failure("git-refused", message, {
    hint: "Run `git status` in the application's root; remove a lock only when no git command runs.",
  });
}

/** git itself allows `$(id)`, `HEAD` and `--output=x` as tag names. */
function requireTagName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/u.test(name) || name.includes("..")) {
    throw new Failure(
      "git-refused",
      `not a tag name that rollwatch uses: ${JSON.stringify(name)}`,
      {
        hint: "Letters, digits, dots, slashes, hyphens and underscores; at most 100, no `..`.",
      },
    );
  }
}

function requireCommit(commit: string): void {
  if (commitIn(commit) === null) {
    throw new Failure("git-refused", `not a full commit id: ${JSON.stringify(commit)}`, {
      hint: "Commits are named by their 40 hexadecimal digits.",
    });
  }
}

function commitIn(text: string): string | null {
  return /^[0-9a-f]{40}$/u.exec(text.trimEnd())?.[0] ?? null;
}
