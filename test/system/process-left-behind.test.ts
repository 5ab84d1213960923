import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { type Instance, openInstance } from "../../src/system/instance.ts";
import { openProcesses, type Processes } from "../../src/system/process.ts";
import { type Child, sourceUrl, withChild } from "../support/child.ts";
import { withTempFolder } from "../support/temp.ts";

const clock = openClock();
const { signal } = new AbortController();
const PATH = process.env["PATH"] ?? "/usr/bin:/bin";

/** What the kernel says of each. */
async function lookAt(all: readonly number[]): Promise<readonly unknown[]> {
  return Promise.all(all.map(async (pid) => openProcesses(clock).look(pid)));
}

interface Self {
  readonly instance: Instance;
  readonly processes: Processes;
}

/** The rollwatch of a state folder that this test is. */
function selfIn(state: string): Self {
  const instance = openInstance({ state, files: openFiles() });
  return { instance, processes: openProcesses(clock, instance) };
}

/** A rollwatch of `state` that runs `script` in `folder`, and says so. */
async function withRollwatch(
  state: string,
  { folder, script }: { readonly folder: string; readonly script: string },
  body: (child: Child) => Promise<void>,
): Promise<void> {
  const source = `
    const { openClock } = await import(${JSON.stringify(sourceUrl("system/clock.ts"))});
    const { openFiles } = await import(${JSON.stringify(sourceUrl("system/files.ts"))});
    const { openInstance } = await import(${JSON.stringify(sourceUrl("system/instance.ts"))});
    const { openProcesses } = await import(${JSON.stringify(sourceUrl("system/process.ts"))});
    const instance = openInstance({ state: ${JSON.stringify(state)}, files: openFiles() });
    const processes = openProcesses(openClock(), instance);
    await processes.endLeftBehind();
    console.log("begins");
    await processes.run(
      { program: "sh", args: ["-c", ${JSON.stringify(script)}], cwd: ${JSON.stringify(folder)},
        env: { PATH: ${JSON.stringify(PATH)} }, deadlineMs: 600000 },
      new AbortController().signal,
    );
  `;
  await withChild(source, async (child) => {
    await child.line();
    await body(child);
  });
}

async function pidIn(folder: string, name: string): Promise<number> {
  for (;;) {
    const text = await readFile(join(folder, name), "utf8").catch(() => "");
    if (text.endsWith("\n")) {
      return Number(text);
    }
    await clock.sleep(20, signal);
  }
}

/** A state folder named by a daemon, and one beside it. */
async function withStates(
  body: (folder: string, mine: string, other: string) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const [mine, other] = [join(folder, "mine"), join(folder, "other")];
    await mkdir(mine);
    await mkdir(other);
    await body(folder, mine, other);
  });
}

/** A process of somebody else that bears a tag. */
async function withBearer(tag: string, body: (pid: number) => Promise<void>): Promise<void> {
  const bearer: ChildProcess = spawn("sleep", ["60"], {
    env: { PATH, ROLLWATCH_CHILD: `${tag}.1` },
    stdio: "ignore",
    detached: true,
  });
  await once(bearer, "spawn");
  try {
    await body(bearer.pid ?? 0);
  } finally {
    bearer.kill("SIGKILL");
  }
}

const LIVES_ON = `echo $$ > first; setsid sh -c 'trap "" TERM; echo $$ > second; while :; do sleep 1; done' & sleep 600`;

describe("what a rollwatch that was killed has left running", () => {
  it("is ended by the next one of its state folder, also what ignores TERM and left its group", async () => {
    await withStates(async (folder, mine) => {
      await withRollwatch(mine, { folder, script: LIVES_ON }, async (child) => {
        const pids = [await pidIn(folder, "first"), await pidIn(folder, "second")];
        await child.kill();
        const { processes } = selfIn(mine);
        expect(await lookAt(pids)).not.toContain(undefined);

        const found = await processes.endLeftBehind();

        expect(found).toBeGreaterThanOrEqual(3);
        expect(await lookAt(pids)).toEqual([undefined, undefined]);
        expect(await processes.stuck()).toEqual([]);
      });
    });
  });

  it("is ended with its group, also where that has thrown its environment away", async () => {
    await withStates(async (folder, mine) => {
      const script = `env -i sh -c 'echo $$ > bare; /bin/sleep 600' & echo $$ > first; sleep 600`;
      await withRollwatch(mine, { folder, script }, async (child) => {
        const pids = [await pidIn(folder, "first"), await pidIn(folder, "bare")];
        await child.kill();
        const { processes } = selfIn(mine);

        await processes.endLeftBehind();

        expect(await lookAt(pids)).toEqual([undefined, undefined]);
      });
    });
  });

  it("is ended where it is stopped", async () => {
    await withStates(async (folder, mine) => {
      const script = `echo $$ > first; kill -STOP $$`;
      await withRollwatch(mine, { folder, script }, async (child) => {
        const pid = await pidIn(folder, "first");
        await child.kill();
        const { processes } = selfIn(mine);

        await processes.endLeftBehind();

        expect(await processes.look(pid)).toBeUndefined();
      });
    });
  });

  it("may tidy up at TERM, as git removes its locks", async () => {
    await withStates(async (folder, mine) => {
      const script = `trap 'echo 1 > tidy; exit' TERM; echo $$ > first; sleep 600 & wait`;
      await withRollwatch(mine, { folder, script }, async (child) => {
        await pidIn(folder, "first");
        await child.kill();

        await selfIn(mine).processes.endLeftBehind();

        expect(await readFile(join(folder, "tidy"), "utf8")).toBe("1\n");
      });
    });
  });

  it("leaves no lock of git's where that ran a slow filter", async () => {
    await withStates(async (folder, mine) => {
      const script = `git init -q . && echo '* filter=slow' > .gitattributes && echo x > x &&
        git config filter.slow.clean 'echo $$ > first; exec sleep 600' && exec git add x`;
      await withRollwatch(mine, { folder, script }, async (child) => {
        const pid = await pidIn(folder, "first");
        expect(await readdir(join(folder, ".git"))).toContain("index.lock");
        await child.kill();
        const { processes } = selfIn(mine);

        await processes.endLeftBehind();

        expect(await processes.look(pid)).toBeUndefined();
        expect(await readdir(join(folder, ".git"))).not.toContain("index.lock");
      });
    });
  });

  it("is left alone by a rollwatch of another state folder", async () => {
    await withStates(async (folder, mine, other) => {
      await withRollwatch(other, { folder, script: LIVES_ON }, async (child) => {
        const pids = [await pidIn(folder, "first"), await pidIn(folder, "second")];
        await child.kill();
        const { processes } = selfIn(mine);

        const found = await processes.endLeftBehind();

        expect(found).toBe(0);
        expect(await lookAt(pids)).not.toContain(undefined);
        await selfIn(other).processes.endLeftBehind();
      });
    });
  });
});

describe("a child of the same state folder", () => {
  it("is left alone while the rollwatch that started it runs", async () => {
    await withStates(async (folder, mine) => {
      await withRollwatch(mine, { folder, script: LIVES_ON }, async (child) => {
        const pid = await pidIn(folder, "first");
        const { processes } = selfIn(mine);

        const found = await processes.endLeftBehind();

        expect(found).toBe(0);
        expect(await processes.look(pid)).toBeDefined();
        await child.kill();
        await processes.endLeftBehind();
      });
    });
  });

  it("is ended where the pid of who started it is that of another process by now", async () => {
    await withStates(async (_folder, mine) => {
      const { instance, processes } = selfIn(mine);
      await instance.keep();
      const [state, pid, start = "", boot] = instance.tag().split(".");
      const earlier = (Number.parseInt(start, 36) - 1).toString(36);

      await withBearer([state, pid, earlier, boot].join("."), async (bearer) => {
        expect(await processes.endLeftBehind()).toBe(1);
        expect(await processes.look(bearer)).toBeUndefined();
      });
      await withBearer(instance.tag(), async (bearer) => {
        expect(await processes.endLeftBehind()).toBe(0);
        expect(await processes.look(bearer)).toBeDefined();
      });
    });
  });

  it("is known by a name of the folder that lasts, and that no other folder has", async () => {
    await withStates(async (_folder, mine, other) => {
      const first = selfIn(mine).instance;
      await first.keep();
      await selfIn(other).instance.keep();

      const [again, stranger] = [selfIn(mine).instance, selfIn(other).instance];

      await again.keep();
      expect(again.tag()).toBe(first.tag());
      expect(stranger.tag()).not.toBe(first.tag());
      expect(first.tag().length).toBeLessThanOrEqual(30);
    });
  });

  it.each(["", "rollwatch", "a.b.c.d", "........", "0000000000"])(
    "is not known by the foreign tag %j",
    async (foreign) => {
      await withStates(async (_folder, mine) => {
        const { instance, processes } = selfIn(mine);
        await instance.keep();

        await withBearer(foreign, async (bearer) => {
          expect(await processes.endLeftBehind()).toBe(0);
          expect(await processes.look(bearer)).toBeDefined();
        });
      });
    },
  );
});
