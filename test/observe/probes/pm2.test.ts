import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import { Failure } from "../../../src/model/failure.ts";
import { createPm2Probe, Pm2ProbeSettings } from "../../../src/observe/probes/pm2.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";
import { fakePm2, type FakePm2 } from "../../support/fakes/pm2.ts";

const NEVER = new AbortController().signal;

interface Bench {
  readonly clock: ManualClock;
  readonly pm2: FakePm2;
  readonly probe: Probe;
  /** Two seconds later, one look. */
  look(): Promise<Reading>;
  /** `count` looks, two seconds apart, as the values they measured. */
  values(count: number): Promise<readonly (number | string)[]>;
}

/** An application of two services that have been running for an hour. */
function aBench(): Bench {
  const clock = createManualClock();
  const pm2 = fakePm2(() => clock.now());
  for (const name of ["api", "poller"]) {
    pm2.add(name);
    pm2.change(name, { startedAt: clock.now() - 3_600_000 });
  }
  const settings = Pm2ProbeSettings.parse({ kind: "pm2" });
  const probe = createPm2Probe("services", settings, { pm2, clock, services: ["api", "poller"] });
  async function look(): Promise<Reading> {
    await clock.advance(2000);
    return probe.sample(NEVER);
  }
  async function values(count: number): Promise<readonly (number | string)[]> {
    const seen: (number | string)[] = [];
    for (let n = 0; n < count; n += 1) {
      const reading = await look();
      seen.push(reading.kind === "measured" ? reading.value : reading.reason);
    }
    return seen;
  }
  return { clock, pm2, probe, look, values };
}

describe("the pm2 probe", () => {
  it("measures 0 while all services run", async () => {
    expect(await aBench().look()).toEqual({ kind: "measured", value: 0, detail: "2 running" });
  });

  it("counts a service that pm2 does not know", async () => {
    const bench = aBench();
    const settings = Pm2ProbeSettings.parse({ kind: "pm2" });
    const probe = createPm2Probe("services", settings, { ...bench, services: ["api", "gone"] });

    const reading = await probe.sample(NEVER);

    expect(reading).toEqual({
      kind: "measured",
      value: 1,
      detail: "gone is not known to pm2; 1 running",
    });
  });

  it("counts errored services and those that wait for their restart", async () => {
    const bench = aBench();
    bench.pm2.change("api", { status: "errored", pid: 0 });
    bench.pm2.change("poller", { status: "waiting-restart", pid: 0 });

    expect(await bench.look()).toEqual({
      kind: "measured",
      value: 2,
      detail: "api is errored; poller crashed and waits for its restart",
    });
  });

  it("counts a service only when none of its instances is up", async () => {
    const bench = aBench();
    bench.pm2.change("api", { status: "errored", pid: 0 });
    bench.pm2.add("api");

    expect(await bench.look()).toMatchObject({ value: 0 });
  });

  it("counts a service that has been launching for too long, and not before", async () => {
    const bench = aBench();
    bench.pm2.change("api", { status: "launching", startedAt: bench.clock.now() });

    expect(await bench.look()).toMatchObject({ value: 0 });
    await bench.clock.advance(30_000);

    expect(await bench.look()).toMatchObject({
      value: 1,
      detail: "api has been launching for 34.0 s; 1 running",
    });
  });

  it("leaves a service that a person stopped out of the count and names it", async () => {
    const bench = aBench();
    bench.pm2.change("poller", { status: "stopped", pid: 0 });

    expect(await bench.look()).toEqual({
      kind: "measured",
      value: 0,
      detail: "1 running; stopped: poller",
    });
  });

  it("has at most one bad look for a person's restart, however young the process was", async () => {
    const bench = aBench();
    await bench.look();

    await bench.pm2.restart({ service: "api", id: 0 }, NEVER);
    expect(await bench.values(1)).toEqual([0]);
    await bench.pm2.restart({ service: "api", id: 0 }, NEVER);
    expect(await bench.values(4)).toEqual([1, 0, 0, 0]);
  });

  it("sees a service that crashes within every interval", async () => {
    const bench = aBench();
    const seen: (number | string)[] = [];
    for (let round = 1; round <= 4; round += 1) {
      bench.pm2.change("api", { restarts: round * 2, startedAt: bench.clock.now() + 1000 });
      seen.push(...(await bench.values(1)));
    }

    // The first look has nothing to compare with.
    expect(seen).toEqual([0, 1, 1, 1]);
  });

  it("sees a service that crashes more slowly than it is looked at, without a gap", async () => {
    const bench = aBench();
    await bench.look();
    const seen: (number | string)[] = [];
    for (let round = 1; round <= 6; round += 1) {
      bench.pm2.change("api", { restarts: round, startedAt: bench.clock.now() });
      seen.push(...(await bench.values(2)));
    }

    expect(seen.slice(6)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("forgives a crash loop when a process has become stable", async () => {
    const bench = aBench();
    await bench.look();
    bench.pm2.change("api", { restarts: 9, startedAt: bench.clock.now() });

    expect(await bench.values(7)).toEqual([1, 1, 1, 1, 0, 0, 0]);
    await bench.pm2.restart({ service: "api", id: 0 }, NEVER);
    expect(await bench.values(3)).toEqual([0, 0, 0]);
  });

  it("does not count a crash loop that a person ended by stopping the service", async () => {
    const bench = aBench();
    await bench.look();
    bench.pm2.change("api", { restarts: 9, startedAt: bench.clock.now() });
    expect(await bench.values(1)).toEqual([1]);

    bench.pm2.change("api", { status: "stopped", pid: 0 });

    expect(await bench.values(2)).toEqual([0, 0]);
  });

  it("measures nothing when the daemon is dead or hung", async () => {
    const bench = aBench();

    bench.pm2.setDaemon({ kind: "dead", reason: "no process 100" });
    expect(await bench.look()).toEqual({
      kind: "absent",
      reason: "pm2-dead",
      detail: "no process 100",
    });
    bench.pm2.setDaemon({ kind: "hung", pid: 100, reason: "no pong" });
    expect(await bench.look()).toEqual({ kind: "absent", reason: "pm2-hung", detail: "no pong" });
  });

  it("takes a daemon that does not answer in time for hung", async () => {
    const bench = aBench();
    const settings = Pm2ProbeSettings.parse({ kind: "pm2" });
    const silent = {
      ...bench.pm2,
      services: async (_names: readonly string[], signal: AbortSignal) => {
        await bench.clock.sleep(60_000, signal);
        return [];
      },
    };
    const probe = createPm2Probe("services", settings, {
      clock: bench.clock,
      services: [],
      pm2: silent,
    });

    const sampling = probe.sample(NEVER);
    await bench.clock.advance(1500);

    expect(await sampling).toMatchObject({ kind: "absent", reason: "pm2-hung" });
  });

  it("throws what it does not understand, and an abort as it is", async () => {
    const bench = aBench();
    const broken = {
      ...bench.pm2,
      services: async () => Promise.reject(new Failure("internal", "odd", { hint: "" })),
    };
    const settings = Pm2ProbeSettings.parse({ kind: "pm2" });
    const probe = createPm2Probe("services", settings, { ...bench, services: [], pm2: broken });
    const reason = new Error("stop");

    await expect(probe.sample(NEVER)).rejects.toThrow("odd");
    await expect(bench.probe.sample(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
