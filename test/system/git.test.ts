import {
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openGit } from "../../src/system/git.ts";
import type { Git } from "../../src/system/git.ts";
import { openProcesses } from "../../src/system/process.ts";
import { gitContract } from "../contracts/git.ts";
import type { GitUnderTest } from "../contracts/git.ts";
import { fakeGit } from "../support/fakes/git.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";

const { signal } = new AbortController();
const clock = openClock();
const PATH = process.env["PATH"] ?? "/usr/bin:/bin";

/** git as a person uses it, for what tests need beside the port. */
async function git(root: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH, HOME: root, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
  const person = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
  const done = await execa("git", [...person, ...args], { cwd: root, env, extendEnv: false });
  return done.stdout;
}

async function commit(root: string, text: string): Promise<string> {
  await mkdir(join(root, "server"), { recursive: true });
  await writeFile(join(root, "server", "app.js"), text);
  await git(root, "add", "server");
  await git(root, "commit", "-q", "-m", text);
  return git(root, "rev-parse", "HEAD");
}

/** Only root can; for everybody else the repository stays their own. */
async function chownToNobody(root: string): Promise<void> {
  if (getuid?.() === 0) {
    await chown(root, 65_534, 65_534);
    await chown(join(root, ".git"), 65_534, 65_534);
  }
}

async function open(): Promise<GitUnderTest> {
  const root = await mkdtemp("/tmp/rw-");
  await git(root, "init", "-q");
  const older = await commit(root, "older");
  const newer = await commit(root, "newer");
  const environment = { PATH, HOME: root, GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere" };
  return {
    git: openGit(openProcesses(clock), environment, clock),
    root,
    older,
    newer,
    close: async () => rm(root, { recursive: true, force: true }),
  };
}

gitContract("git's own", open);
gitContract("the fake", async () => {
  const fake = fakeGit();
  const [older, newer] = ["a".repeat(40), "b".repeat(40)];
  fake.commit(older);
  fake.commit(newer);
  fake.setNames(["server"]);
  return { git: fake, root: "/app", older, newer, close: async () => undefined };
});

describe("git", () => {
  let under: GitUnderTest;
  let port: Git;
  let root: string;

  beforeEach(async () => {
    under = await open();
    ({ git: port, root } = under);
  });

  afterEach(async () => {
    await under.close();
  });

  it("names what belongs to a part of a larger work tree, and nothing where there is no commit", async () => {
    await writeFile(join(root, "server", "note.txt"), "not committed");

    const part = await port.trackedNames(join(root, "server"), signal);
    await rm(join(root, ".git"), { recursive: true });

    expect(part).toEqual(["app.js"]);
    expect(await port.trackedNames(root, signal)).toEqual([]);
  });

  it("tells no commit of a folder that is no repository, and of one without commits", async () => {
    await rm(join(root, ".git"), { recursive: true });
    const none = await port.head(root, signal);
    await git(root, "init", "-q");

    expect([none, await port.head(root, signal)]).toEqual([null, null]);
    expect(await port.busy(root)).toBeNull();
  });

  it("works in a subfolder of the repository and in a second work tree", async () => {
    const tree = join(root, "tree");
    await git(root, "worktree", "add", "-q", "--detach", tree, under.older);

    expect(await port.head(join(root, "server"), signal)).toBe(under.newer);
    expect(await port.head(tree, signal)).toBe(under.older);
  });

  it("moves no HEAD for a folder that is only a part of the work tree", async () => {
    const part = join(under.root, "server");

    const pointing = port.pointHead(part, under.older, signal);

    await expect(pointing).rejects.toThrow("only a part of its git work tree");
    expect(await port.head(under.root, signal)).toBe(under.newer);
    expect([await port.isTop(under.root), await port.isTop(part)]).toEqual([true, false]);
  });

  it("leaves branch and work tree alone when it points HEAD elsewhere", async () => {
    await port.pointHead(root, under.older, signal);

    expect(await git(root, "rev-parse", "main")).toBe(under.newer);
    expect(await readFile(join(root, "server", "app.js"), "utf8")).toBe("newer");
    expect(await git(root, "diff", "--cached", "--name-only")).toBe("");
    expect(await git(root, "status", "--porcelain")).toBe(" M server/app.js");
  });

  it("finishes what a crash left half done", async () => {
    await writeFile(join(root, ".git", "index.rollwatch"), "half an index");
    await writeFile(join(root, ".git", "index.rollwatch.lock"), "");

    await port.pointHead(root, under.older, signal);

    expect(await port.head(root, signal)).toBe(under.older);
    expect((await readdir(join(root, ".git"))).filter((name) => name.includes("index"))).toEqual([
      "index",
    ]);
  });

  it("does not touch a repository whose index somebody holds, and says so", async () => {
    const lock = join(root, ".git", "index.lock");
    await writeFile(lock, "");

    const pointing = port.pointHead(root, under.older, signal);

    await expect(pointing).rejects.toMatchObject({ code: "git-refused" });
    expect(await port.head(root, signal)).toBe(under.newer);
    expect(await port.busy(root)).toContain("index.lock");
    expect((await stat(lock)).size).toBe(0);
  });

  it.each([
    // a deployment at work
    { minutes: 14, busy: "has held" },
    // killed in the middle
    { minutes: 16, busy: null },
    // the clock was set back since
    { minutes: -16, busy: null },
  ])("takes a lock of $minutes minutes ago for $busy", async ({ minutes, busy }) => {
    const lock = join(root, ".git", "index.lock");
    await writeFile(lock, "");
    const at = clock.now() / 1000 - minutes * 60;
    await utimes(lock, at, at);

    const reason = await port.busy(root);

    expect(reason ?? "null").toContain(busy ?? "null");
    expect(reason ?? "14 min").toContain("14 min");
    await expect(port.pointHead(root, under.older, signal)).rejects.toThrow("index.lock is there");
  });

  it("sees a young lock beside a stale one", async () => {
    await writeFile(join(root, ".git", "index.lock"), "");
    await utimes(join(root, ".git", "index.lock"), 1, 1);
    await writeFile(join(root, ".git", "HEAD.lock"), "");

    expect(await port.busy(root)).toContain("HEAD.lock");
  });

  it("sees a lock in the repository above, also of one that git does not trust", async () => {
    await chownToNobody(root);
    const server = join(root, "server");

    const before = await port.busy(server);
    await writeFile(join(root, ".git", "index.lock"), "");

    expect(before).toBeNull();
    expect(await port.busy(server)).toContain("index.lock");
  });

  it("says that it cannot tell, and does not throw, where it cannot look", async () => {
    await rm(join(root, ".git"), { recursive: true });
    await symlink(".git", join(root, ".git"));

    expect(await port.busy(root)).toContain("git cannot tell");
  });

  it("sees that somebody works in a second work tree", async () => {
    const tree = join(root, "tree");
    await git(root, "worktree", "add", "-q", tree, under.older);
    const before = await port.busy(tree);
    await writeFile(join(root, ".git", "worktrees", "tree", "index.lock"), "");

    expect([before, await port.busy(root)]).toEqual([null, null]);
    expect(await port.busy(tree)).toContain("index.lock");
  });

  it("signs its tags with its own name and keeps the message as it is", async () => {
    await port.tag(root, "v1", under.older, "# of services: 5\n", signal);

    const tag = await git(root, "for-each-ref", "--format=%(objecttype) %(taggername) %(contents)");
    expect(tag).toContain("tag rollwatch # of services: 5");
  });

  it.each(["", "-d", "--output=x", "a..b", "v1 v2", "$(id)", "v1\n", "é", "a".repeat(101)])(
    "does not take %j for a tag's name",
    async (name) => {
      const tagging = port.tag(root, name, under.older, "message", signal);

      await expect(tagging).rejects.toMatchObject({ code: "git-refused" });
      await expect(port.resolveTag(root, name, signal)).rejects.toThrow(/tag name/u);
    },
  );

  it.each(["HEAD", "main", "--all", "abc123", "A".repeat(40)])(
    "does not take %j for a commit",
    async (name) => {
      const pointing = port.pointHead(root, name, signal);

      await expect(pointing).rejects.toThrow(/full commit id/u);
      await expect(port.hasCommit(root, name, signal)).rejects.toThrow(/full commit id/u);
    },
  );

  it("misses a commit one of whose trees is lost", async () => {
    const tree = await git(root, "rev-parse", `${under.older}:server`);
    await rm(join(root, ".git", "objects", tree.slice(0, 2), tree.slice(2)));

    expect(await port.hasCommit(root, under.older, signal)).toBe(false);
    expect(await port.hasCommit(root, under.newer, signal)).toBe(true);
  });

  it("runs no hook of the repository", async () => {
    const hook = "#!/bin/sh\ntouch ../hook-ran hook-ran\n";
    for (const name of ["post-index-change", "reference-transaction"]) {
      await writeFile(join(root, ".git", "hooks", name), hook, { mode: 0o755 });
    }

    await port.pointHead(root, under.older, signal);
    await port.tag(root, "v1", under.older, "message", signal);

    expect(await readdir(root)).not.toContain("hook-ran");
    expect(await readdir(join(root, ".git"))).not.toContain("hook-ran");
  });

  it.runIf(getuid?.() === 0)("explains a repository that belongs to another user", async () => {
    await chownToNobody(root);

    const asking = port.head(root, signal);

    await expect(asking).rejects.toMatchObject({
      code: "git-refused",
      hint: expect.stringContaining("safe.directory"),
    });
  });

  it("says when git is not installed", async () => {
    const processes = fakeProcesses();
    processes.answer("git", { kind: "not-found", status: null });

    const asking = openGit(processes, {}, clock).head(root, signal);

    await expect(asking).rejects.toMatchObject({ code: "program-missing" });
  });

  it("says when git hangs", async () => {
    const processes = fakeProcesses();
    processes.answer("git", { kind: "timed-out", status: null });

    const asking = openGit(processes, {}, clock).head(root, signal);

    await expect(asking).rejects.toThrow(/did not answer/u);
  });
});

describe("when HEAD moved", () => {
  it("is told by git's own record, rollwatch's moves left out", async () => {
    const under = await open();
    const { git: port, root, older } = under;
    const begun = clock.now();
    const moved = (await port.headMovedAt(root, signal)) ?? 0;
    await git(root, "reflog", "expire", "--expire=now", "--all");
    const forgotten = await port.headMovedAt(root, signal);
    await port.pointHead(root, older, signal);

    expect(Math.abs(begun - moved)).toBeLessThan(60_000);
    expect(moved % 1000).toBe(0);
    expect([forgotten, await port.headMovedAt(root, signal)]).toEqual([null, null]);
    await under.close();
  });

  it("is not known where there is no repository", async () => {
    const root = await mkdtemp("/tmp/rw-");
    const environment = { PATH, HOME: root };

    const moved = await openGit(openProcesses(clock), environment, clock).headMovedAt(root, signal);

    expect(moved).toBeNull();
    await rm(root, { recursive: true, force: true });
  });
});
