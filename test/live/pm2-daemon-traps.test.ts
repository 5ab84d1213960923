import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../lab/environment.ts";
import { isAlive, send } from "../../lab/processes.ts";
import { Failure } from "../../src/model/failure.ts";
import { type MistrustedPm2, openMistrustedPm2, type Told } from "./support/mistrusted-pm2.ts";

const { signal } = new AbortController();
/** Longer than any of pm2's answers may take, shorter than for ever. */
const PATIENCE_MS = 60_000;

let setting: MistrustedPm2;
let release: string;

beforeAll(async () => {
  setting = await openMistrustedPm2();
  // Without pm2's agent a fork outlives its daemon.
  await setting.start({ name: "api" }, { name: "worker", pmx: false });
  await setting.pm2.save(signal);
  const { said } = await setting.rollwatch("release", "capture", "--json");
  release = String(JSON.parse(said).release);
});

afterAll(async () => {
  await setting.lab.end();
});

/** Commands that have to do with pm2, one after the other. */
async function commands(
  ...more: readonly (readonly string[])[]
): Promise<Readonly<Record<string, Told>>> {
  const told: Record<string, Told> = {};
  const back = ["rollback", "--to", release, "--yes", "--reason", "as agreed"];
  for (const args of [["release", "capture"], back, ...more]) {
    told[args.slice(0, 2).join(" ")] = await setting.rollwatch(...args);
  }
  return told;
}

/** Whatever was refused or found, no command calls it done. */
function expectRefusals(told: Readonly<Record<string, Told>>, verdict: RegExp): void {
  for (const [command, { code, said, tookMs }] of Object.entries(told)) {
    expect({ command, isDone: code === 0, isInTime: tookMs < PATIENCE_MS, said }).toEqual({
      command,
      isDone: false,
      isInTime: true,
      said: expect.stringMatching(verdict),
    });
  }
}

async function daemonOf(): Promise<number> {
  return Number(await readFile(join(setting.home.folder, "pm2.pid"), "utf8"));
}

/** A copy of the program that says that it is of another version. */
async function olderProgram(): Promise<string> {
  const folder = join(setting.lab.folder, "older");
  const modules = join(folder, "node_modules");
  await mkdir(modules, { recursive: true });
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (name !== "pm2") {
      await symlink(join(ROOT, "node_modules", name), join(modules, name));
    }
  }
  await cp(join(ROOT, "node_modules", "pm2"), join(modules, "pm2"), { recursive: true });
  const file = join(modules, "pm2", "package.json");
  const told = { ...JSON.parse(await readFile(file, "utf8")), version: "6.0.14" };
  await writeFile(file, JSON.stringify(told));
  return join(modules, "pm2", "bin", "pm2");
}

describe("a pm2 program of another version than its daemon", () => {
  it("is told apart, and saves the list of the daemon as it is", async () => {
    const [before] = await setting.daemons();
    const pm2 = setting.withProgram(await olderProgram());

    const version = await pm2.programVersion(signal);
    await pm2.save(signal);

    expect([version, await pm2.dumped()]).toEqual(["6.0.14", ["api", "worker"]]);
    expect(await setting.daemons()).toEqual([before]);
  });

  it("takes the daemon's place in the middle of a start: what was begun is there once only when it is done again", async () => {
    const { home, pm2, app } = setting;
    const slow = { name: "slow", wait_ready: true, listen_timeout: 20_000 };
    await setting.start({ ...slow, env: { READY_AFTER_MS: "4000" } });
    const captured = await pm2.definitions(["slow"], signal);
    const before = await pm2.daemon(signal);

    const replacing = pm2.replace("slow", captured, signal).then(
      () => "done",
      (error: unknown) => (error instanceof Failure ? error.code : error),
    );
    await setting.until("its start", async () => {
      const [one] = await setting.instances("slow");
      return one?.status === "launching";
    });
    await home.command(["update"], app);

    // pm2 starts everything anew, this one too: that may be found, or the call have nobody to answer it.
    expect(["done", "pm2-unreachable"]).toContain(await replacing);
    const after = await pm2.daemon(signal);
    expect([before.kind, after.kind]).toEqual(["alive", "alive"]);
    expect(after).not.toEqual(before);
    await pm2.replace("slow", captured, signal);
    expect(await pm2.definitions(["slow"], signal)).toMatchObject([{ hash: captured[0]?.hash }]);
    const names = ["api", "worker", "slow"];
    const now = await Promise.all(names.map(async (name) => setting.only(name)));
    expect(now.map(({ status }) => status)).toEqual(["online", "online", "online"]);
    expect(await setting.running()).toEqual(now.map(({ pid }) => pid).toSorted((a, b) => a - b));
    await home.command(["delete", "slow"], app);
  });
});

describe("a pm2 daemon that hangs", () => {
  it("is the verdict of every command, each within its time, and none starts another one", async () => {
    const pid = await daemonOf();
    const [api] = await setting.instances("api");
    send(pid, "SIGSTOP");

    const told = await commands(["check"]).finally(() => send(pid, "SIGCONT"));

    expectRefusals(told, /pm2 is hung|is hung:|does not answer|did not answer|no pm2 answers/u);
    expect(await setting.daemons()).toEqual([pid]);
    expect(await setting.instances("api")).toEqual([api]);
  });
});

describe("two pm2 daemons of one home", () => {
  let first: number;

  it("are a matter for people: nothing is captured, stopped or started", async () => {
    const { home, pm2, app } = setting;
    first = await daemonOf();
    for (const file of ["rpc.sock", "pub.sock", "pm2.pid"]) {
      await rm(join(home.folder, file));
    }
    // As a person's look into an emptied home does.
    await home.command(["resurrect"], app);
    expect(await setting.daemons()).toHaveLength(2);
    const before = await Promise.all([setting.only("api"), setting.only("worker")]);

    const told = await commands(["doctor"]);

    expectRefusals(told, /doubled|two daemons|processes \d+ and \d+ serve/u);
    const [{ id }] = before;
    const effects = await Promise.allSettled([
      pm2.stop({ service: "api", id }, signal),
      pm2.restart({ service: "api", id }, signal),
      pm2.save(signal),
    ]);
    for (const one of effects) {
      expect(one).toMatchObject({ status: "rejected", reason: { code: "pm2-unreachable" } });
    }
    expect(await Promise.all([setting.only("api"), setting.only("worker")])).toEqual(before);
    expect(await setting.daemons()).toHaveLength(2);
  });

  it("leave one that nobody can reach any more, which is told by its pid", async () => {
    const second = await daemonOf();
    send(second, "SIGKILL");
    await setting.until("its end", async () => !(await isAlive(second)));

    const daemon = await setting.pm2.daemon(signal);

    expect(daemon).toMatchObject({
      kind: "dead",
      reason: expect.stringContaining(`process ${first} listens no more`),
    });
    send(first, "SIGKILL");
    await setting.until("its end, too", async () => !(await isAlive(first)));
  });
});

describe("a dead pm2 daemon", () => {
  it("is the verdict of every command, and none starts an empty one", async () => {
    const { home } = setting;
    expect(await setting.daemons()).toEqual([]);
    const before = await readdir(home.folder);
    const dump = await readFile(join(home.folder, "dump.pm2"), "utf8");

    const told = await commands(
      ["doctor"],
      ["check"],
      ["rollback", "--scope", "service", "--service", "worker", "--yes", "--reason", "as agreed"],
      ["init", "--output", join(setting.lab.folder, "drafted.yaml")],
    );

    expectRefusals(told, /is dead|pm2-dead|does not answer|no pm2 answers/u);
    expect(await setting.daemons()).toEqual([]);
    expect(await readdir(home.folder)).toEqual(before);
    expect(await readFile(join(home.folder, "dump.pm2"), "utf8")).toBe(dump);
  });

  it("is told with the services that outlived it and hold their ports", async () => {
    const daemon = await setting.pm2.daemon(signal);
    const left = /worker \(pid (\d+)\)/u.exec(daemon.kind === "dead" ? daemon.reason : "");

    expect(await isAlive(Number(left?.[1]))).toBe(true);
    expect(daemon).toMatchObject({
      kind: "dead",
      reason: expect.stringMatching(/services that run on without it: /u),
    });
  });

  it("ends without leaving a process, a port or a folder", async () => {
    const problems = await setting.lab.end();

    // The services that no daemon keeps any more have nobody but the lab to end them.
    expect(problems.filter((one) => !/had to be ended: \d+ .*steady\.js/u.test(one))).toEqual([]);
  });
});
