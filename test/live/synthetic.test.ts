import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { withChild } from "../support/child.ts";
import {
  type AlarmApplication,
  rolesOf,
  startAlarmApplication,
} from "./support/alarm-application.ts";
import { type Death, type ProbeOrder, runProbe } from "./support/mortal-probe.ts";

const LATE_MS = 125_000;

/** Between each two phases of a run, and in the middle of each that reaches the outside. */
const DEATHS: readonly Death[] = [
  { call: "writeAtomic", when: "before" },
  { call: "writeAtomic", when: "within" },
  { call: "writeAtomic", when: "after" },
  { call: "converse", when: "before" },
  { call: "ask", when: "before" },
  { call: "ask", when: "within" },
  { call: "ask", when: "after" },
  { call: "find", when: "before" },
  { call: "find", when: "after" },
  { call: "run", when: "after", nth: 1 },
  { call: "run", when: "before", nth: 2 },
  { call: "run", when: "within", nth: 2 },
  { call: "run", when: "after", nth: 2 },
  { call: "remove", when: "before" },
  { call: "remove", when: "after" },
];

describe("a synthetic reading in a real application and PostgreSQL", () => {
  let lab: Lab;
  let cluster: Cluster;
  let application: AlarmApplication;
  let state: string;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    application = await startAlarmApplication(cluster);
  });

  afterAll(async () => {
    await application.close();
    await lab.end();
  });

  beforeEach(async () => {
    state = await mkdtemp("/tmp/rwS-");
    application.thinksMs = 0;
    application.isBroken = false;
  });

  afterEach(async () => {
    await rm(state, { recursive: true, force: true });
  });

  function anOrder(more: Partial<ProbeOrder> = {}): ProbeOrder {
    const { watcher, tester } = rolesOf(cluster);
    const settings = {
      kind: "synthetic-alert",
      url: application.url,
      body: { note: "{{mark}}" },
      within: "2s",
      expectRow: "select from alerts a join readings r on r.id = a.reading_id where r.note = $1",
      expectMessage: { url: application.socketUrl },
      cleanUp: {
        sql: [
          "delete from alerts using readings r where r.id = reading_id and r.note = $1",
          "delete from readings where note = $1",
        ],
        databaseUrl: tester,
      },
    };
    return { settings, state, databaseUrl: watcher, ...more };
  }

  /** Runs the probe in a process of its own until that has killed itself. */
  async function dies(death: Death): Promise<void> {
    const url = new URL("support/mortal-probe.ts", import.meta.url).href;
    const source = `
      import { runProbe } from ${JSON.stringify(url)};
      await runProbe(${JSON.stringify(anOrder({ death }))});
      console.log("it lives");`;
    await withChild(source, async (child) => {
      const said = await Promise.race([child.line(), child.gone().then(() => "it is dead")]);
      expect(said).toBe("it is dead");
    });
  }

  async function kept(): Promise<number> {
    const files = await readdir(join(state, "synthetic")).catch((): string[] => []);
    const texts = files.map(async (name) => readFile(join(state, "synthetic", name), "utf8"));
    const lists = (await Promise.all(texts)).map((text): unknown => JSON.parse(text));
    return lists.flat().length;
  }

  it("raises its alert, and nothing is left of both", async () => {
    const reading = await runProbe(anOrder());

    expect(reading).toMatchObject({ kind: "measured", value: 0 });
    expect([await application.marked(), await application.others(), await kept()]).toEqual([
      0, 1, 0,
    ]);
  });

  it("raises none with a broken release, and nothing is left of it", async () => {
    application.isBroken = true;

    const reading = await runProbe(anOrder());

    expect(reading).toMatchObject({ kind: "measured", value: 1 });
    expect([await application.marked(), await application.others()]).toEqual([0, 1]);
  });

  it.each(DEATHS)("is gone after a kill $when $call, once rollwatch runs again", async (death) => {
    application.thinksMs = 150;
    await dies(death);
    await application.quiet();

    const reading = await runProbe(anOrder());
    const marked = await application.marked();
    await runProbe(anOrder({ aheadMs: LATE_MS }));

    expect(reading).toMatchObject({ kind: "measured", value: 0 });
    expect(marked).toBe(0);
    expect([await application.marked(), await application.others(), await kept()]).toEqual([
      0, 1, 0,
    ]);
  });

  it("is gone although the application stores it after the clean-up of the next rollwatch", async () => {
    application.thinksMs = 4000;
    await dies({ call: "ask", when: "within" });

    // Nobody waits four seconds for an answer: this run is bad, and its reading comes late too.
    const reading = await runProbe(anOrder());
    await application.quiet();
    const late = await application.marked();
    application.thinksMs = 0;
    await runProbe(anOrder({ aheadMs: LATE_MS }));

    expect(reading).toMatchObject({ kind: "measured", value: 1 });
    expect(late).toBe(2);
    expect([await application.marked(), await kept()]).toEqual([0, 0]);
  });

  it("is not posted while it could not be deleted again", async () => {
    await cluster.admin("revoke delete on readings from tester", "app");

    const refused = await runProbe(anOrder());
    const left = await application.marked();
    await cluster.admin("grant delete on readings to tester", "app");

    expect(refused).toMatchObject({ kind: "absent", detail: expect.stringContaining("42501") });
    expect([left, await kept()]).toEqual([0, 0]);
    expect(await runProbe(anOrder())).toMatchObject({ kind: "measured", value: 0 });
  });

  it("stays told until it can be deleted", async () => {
    application.thinksMs = 500;
    const running = runProbe(anOrder());
    await application.begins();
    await cluster.admin("revoke delete on readings from tester", "app");

    const first = await running;
    const left = await application.marked();
    await cluster.admin("grant delete on readings to tester", "app");
    const second = await runProbe(anOrder());

    expect(first).toMatchObject({ kind: "absent", detail: expect.stringContaining("42501") });
    expect(left).toBe(1);
    expect(second).toMatchObject({ kind: "measured", value: 0 });
    expect(await application.marked()).toBe(0);
  });
});
