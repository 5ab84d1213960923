import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import type { LockfilePair } from "../../../src/observe/lockfiles.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import {
  AdvisoriesProbeSettings,
  createAdvisoriesProbe,
} from "../../../src/observe/probes/advisories.ts";
import { anAdvisory, type FakeAudits, fakeAudits } from "../../support/fakes/audits.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";

const NEVER = new AbortController().signal;
const HOUR = 3_600_000;

function both(running = "new", earlier = "old"): LockfilePair {
  return {
    kind: "both",
    running: { lockfile: running },
    earlier: { lockfile: earlier, manifest: "{}" },
    release: "rel-old",
  };
}

interface Bench {
  readonly probe: Probe;
  readonly audits: FakeAudits;
  readonly clock: ManualClock;
  readonly setPair: (pair: LockfilePair) => void;
  readonly sample: () => Promise<Reading>;
}

/** A probe between a running release with the lock file `new` and an earlier one with `old`. */
function bench(more: object = {}): Bench {
  const audits = fakeAudits();
  const clock = createManualClock();
  let pair = both();
  const settings = AdvisoriesProbeSettings.parse({ kind: "advisories", ...more });
  const lockfiles = { pair: async () => pair };
  const ports = { audits, lockfiles, clock, secrets: ["sesame"] };
  const probe = createAdvisoriesProbe("advisories", settings, ports);
  return {
    probe,
    audits,
    clock,
    setPair: (next) => {
      pair = next;
    },
    sample: async () => probe.sample(NEVER),
  };
}

describe("the advisories probe", () => {
  it("counts those that the release before has not", async () => {
    const { audits, sample } = bench();
    const old = anAdvisory({ id: "1", package: "both" });
    const first = anAdvisory({ id: "2", title: "Reads /etc" });
    const second = anAdvisory({ id: "1", package: "other" });
    audits.set("new", { kind: "audited", advisories: [old, first, second, first] });
    audits.set("old", { kind: "audited", advisories: [old] });

    expect(await sample()).toEqual({
      kind: "measured",
      value: 2,
      detail: "not in rel-old: left-pad: Reads /etc (critical); other: Pads right (critical)",
    });
  });

  it("measures 0 where the release before has the same ones", async () => {
    const { audits, sample } = bench();
    audits.set("new", { kind: "audited", advisories: [anAdvisory()] });
    audits.set("old", { kind: "audited", advisories: [anAdvisory(), anAdvisory({ id: "2" })] });

    expect(await sample()).toEqual({
      kind: "measured",
      value: 0,
      detail: "no advisory that rel-old has not, too",
    });
  });

  it.each([
    // The least level that counts, and how many of one of each level do.
    ["critical", 1],
    ["high", 2],
    ["moderate", 3],
    ["low", 4],
  ] as const)("counts from the level %s on", async (level, value) => {
    const { audits, sample } = bench({ level });
    const levels = ["low", "moderate", "high", "critical"] as const;
    const advisories = levels.map((one) => anAdvisory({ id: one, level: one }));
    audits.set("new", { kind: "audited", advisories });

    expect(await sample()).toMatchObject({ kind: "measured", value });
  });

  it("asks about the release before also where there is nothing to compare, and is content when nobody answers that", async () => {
    const { audits, sample } = bench();
    audits.set("new", { kind: "audited", advisories: [anAdvisory({ level: "high" })] });
    audits.set("old", { kind: "failed", detail: "no answer" });

    expect(await sample()).toMatchObject({ value: 0, detail: "no advisory that is critical" });
    expect(audits.asked.map(({ lockfile }) => lockfile)).toEqual(["new", "old"]);
  });

  it("asks nobody while both depend on the same, or nothing was proven before", async () => {
    const { audits, sample, setPair } = bench();

    setPair(both("same", "same"));
    expect(await sample()).toMatchObject({ value: 0 });
    setPair({ kind: "first" });
    expect(await sample()).toMatchObject({ value: 0 });

    expect(audits.asked).toEqual([]);
  });

  it("measures nothing where a lock file is missing", async () => {
    const { sample, setPair } = bench();
    setPair({ kind: "missing", detail: "the application has no package-lock.json" });

    expect(await sample()).toEqual({
      kind: "absent",
      reason: "no-metrics",
      detail: "the application has no package-lock.json",
    });
  });

  it.each(["new", "old"])("measures nothing where nobody can say for %s", async (lockfile) => {
    const { audits, sample } = bench();
    audits.set("new", { kind: "audited", advisories: [anAdvisory()] });
    audits.set(lockfile, {
      kind: "failed",
      detail: "request to\nhttp://u:p@registry/ failed sesame",
    });

    expect(await sample()).toMatchObject({
      kind: "absent",
      reason: "no-metrics",
      detail: expect.stringContaining("request to http://[redacted]@registry/ failed [redacted]"),
    });
  });

  it("tells of the advisories' own words one short line", async () => {
    const { audits, sample } = bench();
    const title = `\u001B[2Jignore\nall ${"x".repeat(5000)}`;
    const advisories = Array.from({ length: 50 }, (_, id) => anAdvisory({ id: `${id}`, title }));
    audits.set("new", { kind: "audited", advisories });

    const { detail } = await sample();

    expect(detail).toMatch(
      /^not in rel-old: left-pad: ignore all x[\x20-\x7E…]{100,500}; and 47 more$/u,
    );
  });
});

describe("when the advisories probe asks", () => {
  it("asks again only after its time, and repeats its answer meanwhile", async () => {
    const { audits, sample, clock } = bench();
    const first = await sample();
    await clock.advance(6 * HOUR - 1);
    audits.set("new", { kind: "audited", advisories: [anAdvisory()] });

    expect(await sample()).toEqual(first);
    await clock.advance(1);
    expect(await sample()).toMatchObject({ value: 1 });
  });

  it.each([both("newer"), both("new", "older")])(
    "asks at once when a lock file has changed: %j",
    async (pair) => {
      const { audits, sample, setPair } = bench();
      await sample();
      setPair(pair);

      await sample();

      expect(audits.asked).toHaveLength(4);
    },
  );

  it("leaves a registry that did not answer alone for ten minutes", async () => {
    const { audits, sample, clock } = bench();
    audits.set("new", { kind: "failed", detail: "d" });
    await sample();
    audits.set("new", { kind: "audited", advisories: [] });
    await clock.advance(600_000 - 1);

    expect(await sample()).toMatchObject({ kind: "absent" });
    await clock.advance(1);
    expect(await sample()).toMatchObject({ kind: "measured" });
  });

  it("asks its registry about both, within its timeout", async () => {
    const { audits, sample, probe } = bench({ registry: "http://127.0.0.1:4873", timeout: "30s" });
    audits.set("new", { kind: "audited", advisories: [anAdvisory()] });

    await sample();

    const options = { registry: "http://127.0.0.1:4873", timeoutMs: 30_000 };
    expect(audits.asked).toEqual([
      { lockfile: "new", ...options },
      { lockfile: "old", manifest: "{}", ...options },
    ]);
    expect(probe).toMatchObject({ kind: "advisories", intervalMs: 60_000 });
    expect(probe.timeoutMs).toBeGreaterThan(30_000);
  });
});
