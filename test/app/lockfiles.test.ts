import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLockfiles } from "../../src/app/lockfiles.ts";
import { ConfigFile } from "../../src/config/schema.ts";
import { emptyHistory } from "../../src/journal/fold.ts";
import type { KnownRelease } from "../../src/model/history.ts";
import type { LockfilePair } from "../../src/observe/lockfiles.ts";
import { openFiles } from "../../src/system/files.ts";
import { anIdentity, BAD_COMMIT, GOOD_COMMIT, NOON } from "../support/builders.ts";
import { withTempFolder } from "../support/temp.ts";

function known(id: string, commit: string, provenAt: number | undefined): KnownRelease {
  const release = { id, identity: anIdentity({ commit }), tag: null, capturedAt: NOON };
  return provenAt === undefined ? release : { ...release, provenAt };
}

interface Case {
  /** Files by their path below the test's folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly releases: readonly KnownRelease[];
}

/** The pair while the bad commit is deployed in `app`, and the state lies in `state`. */
async function pairOf({ files, releases }: Case): Promise<LockfilePair> {
  return withTempFolder(async (folder) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const settings = ConfigFile.parse({
      application: {
        name: "app",
        root: join(folder, "app"),
        pm2Home: "/home/app/.pm2",
        services: [{ name: "web" }],
        artifacts: ["server"],
        lockfile: "server/package-lock.json",
      },
      signals: [{ name: "one", trigger: "security-vulnerability", probe: { kind: "advisories" } }],
      state: join(folder, "state"),
    });
    const config = { ...settings, file: "/c.yaml", hash: "ab", secrets: [] };
    const identity = { value: anIdentity({ commit: BAD_COMMIT }), since: NOON };
    const journal = { history: () => ({ ...emptyHistory, releases, identity }) };
    return openLockfiles({ config, files: openFiles(), journal }).pair();
  });
}

const RUNNING = { "app/server/package-lock.json": "new", "app/server/package.json": "{}" };
const CAPTURED = { "state/releases/rel-1/tree/server/package-lock.json": "old" };

describe("the lock files", () => {
  it("are those of the application and of the newest other release that was proven", async () => {
    const pair = await pairOf({
      files: { ...RUNNING, ...CAPTURED },
      releases: [
        known("rel-0", "c".repeat(40), NOON - 5000),
        known("rel-1", GOOD_COMMIT, NOON - 1000),
        known("rel-2", "d".repeat(40), undefined),
        known("rel-3", BAD_COMMIT, NOON),
      ],
    });

    expect(pair).toEqual({
      kind: "both",
      running: { lockfile: "new", manifest: "{}" },
      earlier: { lockfile: "old" },
      release: "rel-1",
    });
  });

  it("have nothing to be compared with before another release was proven", async () => {
    const releases = [known("rel-3", BAD_COMMIT, NOON)];

    expect(await pairOf({ files: RUNNING, releases })).toEqual({ kind: "first" });
  });

  it("may be missing", async () => {
    const releases = [known("rel-1", GOOD_COMMIT, NOON)];

    expect(await pairOf({ files: CAPTURED, releases })).toMatchObject({ kind: "missing" });
    expect(await pairOf({ files: RUNNING, releases })).toEqual({
      kind: "missing",
      detail: "rel-1 was captured without its server/package-lock.json",
    });
  });
});
