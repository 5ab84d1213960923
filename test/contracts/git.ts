import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Git } from "../../src/system/git.ts";

/** A repository under test with two commits of the folder `server`, the newer one at HEAD, and no tags. */
export interface GitUnderTest {
  readonly git: Git;
  readonly root: string;
  readonly older: string;
  readonly newer: string;
  readonly close: () => Promise<void>;
}

const { signal } = new AbortController();
const NOBODYS = "0".repeat(40);

/** What every repository promises. */
export function gitContract(name: string, open: () => Promise<GitUnderTest>): void {
  describe(`the contract of git: ${name}`, () => {
    let under: GitUnderTest;

    beforeEach(async () => {
      under = await open();
    });

    afterEach(async () => {
      await under.close();
    });

    it("tells the commit at HEAD", async () => {
      expect(await under.git.head(under.root, signal)).toBe(under.newer);
    });

    it("names what the commit at HEAD has in the folder", async () => {
      expect(await under.git.trackedNames(under.root, signal)).toEqual(["server"]);
    });

    it("points HEAD at an older commit, and once more without harm", async () => {
      const { git, root, older } = under;

      await git.pointHead(root, older, signal);
      await git.pointHead(root, older, signal);

      expect(await git.head(root, signal)).toBe(older);
    });

    it("finds a tag where it was made, and makes it only once", async () => {
      const { git, root, older } = under;

      await git.tag(root, "pre-deployment-20261122-1530", older, "before 1.2", signal);
      await git.tag(root, "pre-deployment-20261122-1530", older, "before 1.2", signal);

      expect(await git.resolveTag(root, "pre-deployment-20261122-1530", signal)).toBe(older);
      expect(await git.resolveTag(root, "another", signal)).toBeNull();
    });

    it("never moves a tag", async () => {
      const { git, root, older, newer } = under;
      await git.tag(root, "v1", older, "first", signal);

      const moving = git.tag(root, "v1", newer, "second", signal);

      await expect(moving).rejects.toMatchObject({ code: "git-refused" });
      expect(await git.resolveTag(root, "v1", signal)).toBe(older);
    });

    it("knows which commits are there", async () => {
      const { git, root, older } = under;

      expect(await git.hasCommit(root, older, signal)).toBe(true);
      expect(await git.hasCommit(root, NOBODYS, signal)).toBe(false);
    });

    it("does not point HEAD at a commit that is not there", async () => {
      const { git, root, newer } = under;

      const pointing = git.pointHead(root, NOBODYS, signal);

      await expect(pointing).rejects.toMatchObject({ code: "git-refused" });
      expect(await git.head(root, signal)).toBe(newer);
    });

    it("is not busy by itself", async () => {
      expect(await under.git.busy(under.root)).toBeNull();
    });
  });
}
