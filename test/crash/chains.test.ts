import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../src/model/facts.ts";
import {
  ACT_STEPS,
  type CrashCase,
  crashCases,
  SETTLE_STEPS,
} from "../live/support/crash-cases.ts";
import {
  type CrashLab,
  endCleanly,
  journalHashes,
  openCrashLab,
} from "../live/support/crash-lab.ts";
import type { DaemonLife, Ending } from "../live/support/daemon-life.ts";
import { atEffect, atRecord, type KillPoint, tellPoint } from "../live/support/kill-point.ts";
import {
  type Before,
  factsOf,
  isOver,
  look,
  type Restored,
  restored,
} from "../live/support/restored.ts";
import type { Tree } from "../live/support/two-services.ts";

let lab: CrashLab;
let files: { readonly good: Tree; readonly bad: Tree };

beforeAll(async () => {
  lab = await openCrashLab();
  files = { good: await lab.app.files(), bad: {} };
});

afterAll(async () => {
  const problems = await lab.end();
  if (problems.length > 0) {
    throw new Error(`left behind: ${problems.join("; ")}`);
  }
});

async function begin(): Promise<Before> {
  await lab.reset();
  return {
    entries: (await lab.entries()).length,
    starts: (await lab.app.starts()).length,
  };
}

/** A daemon that watches, and then the bad release. */
async function startAndDeploy(point?: KillPoint): Promise<DaemonLife> {
  const daemon = lab.start(point);
  await daemon.ready;
  await lab.app.deployBad();
  files = { ...files, bad: await lab.app.files() };
  return daemon;
}

/** Waits for the daemon's end at the point; throws when it lives on to the end of the incident. */
async function untilEnded(daemon: DaemonLife, point: KillPoint): Promise<Ending> {
  const ending = await Promise.race([
    daemon.ended,
    lab.until(isOver, "it ends", daemon).then(
      () => undefined,
      async () => daemon.ended,
    ),
  ]);
  if (ending === undefined) {
    throw new Error(`the daemon passed ${tellPoint(point)}\n${daemon.output()}`);
  }
  return ending;
}

/** Lives through every death of the case; returns the daemon that lives on. */
async function dieAndResume({ kills }: CrashCase): Promise<DaemonLife> {
  const [first, ...others] = kills;
  let daemon = await startAndDeploy(first);
  for (const [index, point] of kills.entries()) {
    const { signal } = await untilEnded(daemon, point);
    if (signal !== "SIGKILL") {
      throw new Error(`ended by itself before ${tellPoint(point)}\n${daemon.output()}`);
    }
    daemon = lab.start(others[index]);
  }
  return daemon;
}

/** What must be there once the only plan was carried out. */
async function expected(attempts: number): Promise<Restored> {
  const plans = factsOf(await lab.entries(), "planned").map(({ plan }) => plan.id);
  return restored(lab, files, { plan: plans.join(" and "), attempts });
}

function plannedSteps(entries: readonly Entry[]): readonly string[] {
  return factsOf(entries, "planned").flatMap(({ plan }) => plan.steps.map(({ id }) => id));
}

function nameOf({ kills }: CrashCase): string {
  return kills.map(tellPoint).join(" | ");
}

/** One line for each case, so that a slow one is seen. */
function report(name: string, begun: number): void {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`${seconds.padStart(5)} s  ${name}\n`);
}

describe("a daemon that is killed during a rollback", () => {
  it("has a plan with every step that the cases name", async () => {
    const before = await begin();
    const daemon = await startAndDeploy();

    const entries = await lab.until(isOver, "the incident is closed", daemon);
    await endCleanly(daemon);

    expect(plannedSteps(entries)).toEqual(Object.keys({ ...ACT_STEPS, ...SETTLE_STEPS }));
    expect(await look(lab, before)).toEqual(await expected(2));
  });

  it.each(crashCases().map((one) => ({ ...one, name: nameOf(one) })))(
    "ends restored and verified, each effect once: $name",
    async (crash) => {
      const begun = performance.now();
      const before = await begin();

      const daemon = await dieAndResume(crash);
      await lab.until(isOver, "the incident is closed", daemon);
      await daemon.ready;
      await endCleanly(daemon);

      report(`killed ${crash.name}`, begun);
      expect(await look(lab, before)).toEqual(await expected(crash.attempts));
    },
  );
});

describe("a daemon that is asked to end during a rollback", () => {
  it.each(
    [
      atEffect("stage:server", "before", "files.copy"),
      atEffect("stop-service:worker", "before", "pm2.stop"),
      atEffect("switch:server", "after", "files.rename"),
      atRecord("after", "step-started", "prove-identity"),
    ].map((point) => ({ point, name: tellPoint(point) })),
  )("ends well, and the next one goes on: $name", async ({ point }) => {
    const begun = performance.now();
    const before = await begin();
    const asked = await startAndDeploy({ ...point, signal: "SIGTERM" });

    const ending = await untilEnded(asked, point);
    const daemon = lab.start();
    const entries = await lab.until(isOver, "the incident is closed", daemon);
    await daemon.ready;
    await endCleanly(daemon);

    report(`asked to end ${tellPoint(point)}`, begun);
    expect(ending).toEqual({ code: 0, signal: null });
    expect(factsOf(entries.slice(before.entries), "daemon-stopped")).toHaveLength(1);
    expect(await look(lab, before)).toEqual(await expected(3));
  });
});

describe("two daemons", () => {
  it("do not share a state folder: the second ends with 1 and writes nothing", async () => {
    const begun = performance.now();
    await begin();
    const first = lab.start();
    await first.ready;
    const starts = factsOf(await lab.entries(), "daemon-started");

    const second = lab.program(["run", "--json", "--config", lab.configuration]);

    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.output()).toContain('"code": "lock-held"');
    // The first goes on writing what it sees; the second would begin with its start.
    expect(factsOf(await lab.entries(), "daemon-started")).toEqual(starts);
    await endCleanly(first);
    report("a second daemon on the same state folder", begun);
  });

  it("with a state folder each do not roll the same application back twice", async () => {
    const begun = performance.now();
    const before = await begin();
    const point = atEffect("stage:server", "before", "files.copy");
    const first = await startAndDeploy({ ...point, signal: "SIGSTOP" });
    await lab.until((all) => factsOf(all, "step-started").length > 0, "it is held up", first);
    const other = await lab.secondConfiguration();

    const second = lab.start(undefined, other.configuration);
    const held = await lab.until(
      (all) => factsOf(all, "decided").length > 0,
      "the second one decides",
      second,
      other.state,
    );
    first.send("SIGCONT");
    await lab.until(isOver, "the first one closes the incident", first);
    const last = await lab.until(isOver, "the second one sees it", second, other.state);
    await endCleanly(first);
    await endCleanly(second);

    report("a second daemon on the same application", begun);
    const [decided] = factsOf(held, "decided");
    expect(decided?.decision.kind).toBe("hold");
    expect(decided?.decision.guards.filter(({ answer }) => answer === "block")).toMatchObject([
      { guard: "lock-held" },
    ]);
    expect(factsOf(last, "planned")).toEqual([]);
    expect(factsOf(last, "closed")).toMatchObject([{ outcome: "held" }]);
    expect(await look(lab, before)).toEqual(await expected(2));
  });
});

describe("a journal that cannot be trusted", () => {
  it.each([
    { what: "a fact", text: '"kind":"release-proven"' },
    { what: "a table's definition", text: "create table entries" },
  ])("is refused and left as it is when one bit of $what has flipped", async ({ text }) => {
    await begin();
    const file = join(lab.state, "journal.db");
    const bytes = await readFile(file);
    const place = bytes.indexOf(text) + 9;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
    await writeFile(file, bytes);
    const before = await journalHashes(lab.state);
    const pids = (await lab.app.pm2.list()).map(({ pid }) => pid);

    const daemon = lab.program(["run", "--json", "--config", lab.configuration]);

    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.output()).toContain('"code": "journal-corrupt"');
    expect(await journalHashes(lab.state)).toEqual(before);
    expect((await lab.app.pm2.list()).map(({ pid }) => pid)).toEqual(pids);
  });

  it("is refused and left as it is when a newer rollwatch wrote it", async () => {
    await begin();
    const db = new Database(join(lab.state, "journal.db"));
    db.exec("update meta set value = '99' where key = 'format'");
    db.close();
    const before = await journalHashes(lab.state);

    const daemon = lab.program(["run", "--json", "--config", lab.configuration]);

    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.output()).toContain('"code": "journal-newer"');
    expect(await journalHashes(lab.state)).toEqual(before);
  });
});
