import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { proveRestored, schemaAfter } from "../../src/app/prove-restored.ts";
import type { Recovery } from "../../src/model/history.ts";
import type { Verification } from "../../src/model/verification.ts";
import { aPlan, aRelease, anIdentity, anIncident, anOpening } from "../support/builders.ts";
import { aSample, withDaemon, type Parts } from "../support/daemon.ts";
import { HEALTH } from "../support/story-world.ts";

const { signal } = new AbortController();
const STEP = { id: "restart-service:api", kind: "restart-service", phase: "act" } as const;

/** The restart of one service, as the journal has it when its step is done; `restart` does it. */
async function restarted(parts: Parts, restart: () => void): Promise<Recovery> {
  const { daemon, world, record } = parts;
  const plan = aPlan({ scope: "service", target: null, steps: [STEP] });
  await world.clock.advance(60_000);
  const about = { plan: plan.id, step: STEP.id };
  if (daemon.journal.history().incidents.length === 0) {
    record(anOpening());
  }
  record({ kind: "planned", plan }, { kind: "recovery-started", plan: plan.id });
  record({ kind: "step-started", ...about });
  restart();
  await world.clock.advance(100);
  record({ kind: "step-finished", ...about, outcome: { kind: "done", detail: "restarted" } });
  const recovery = daemon.journal.history().recoveries.at(-1);
  if (recovery === undefined) {
    throw new Error("the plan was recorded");
  }
  return recovery;
}

/** The verification, with a good sample of every signal each second. */
async function proved(
  { world, sample }: Parts,
  daemon: Daemon,
  recovery: Recovery,
): Promise<Verification> {
  const proving = proveRestored(daemon, recovery, signal);
  for (let second = 0; second < 125; second += 1) {
    sample(0);
    await world.clock.advance(1000);
  }
  return proving;
}

function failedOf({ checks }: Verification): readonly string[] {
  return checks.filter((check) => !check.passed).map((check) => check.name);
}

describe("the schema that a restored system must have", () => {
  it.each([
    ["application", "004 (4)"],
    ["configuration", "004 (4)"],
    ["database", "003 (3)"],
    ["all", "003 (3)"],
  ] as const)("after a plan of the scope %s is %s", (scope, schema) => {
    const plan = aPlan({ scope, from: anIdentity({ schema: "004 (4)" }) });
    const target = aRelease({ identity: anIdentity({ schema: "003 (3)" }) });

    expect(schemaAfter(plan, target)).toBe(schema);
  });
});

describe("the proof of a restart", () => {
  it("needs no release, only that the service runs anew and everything is well", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world } = parts;
      const recovery = await restarted(parts, () => world.restart());

      const verification = await proved(parts, daemon, recovery);

      expect(verification.result).toBe("proven");
      expect(verification.checks.map((check) => check.name)).toEqual(
        expect.arrayContaining(["restarted", "services", "database", "steady"]),
      );
      expect(verification.at - (recovery.steps[0]?.finishedAt ?? 0)).toBeLessThan(15_000);
    });
  });

  it("is not given to the old process", async () => {
    await withDaemon(async (parts) => {
      const recovery = await restarted(parts, () => undefined);

      const verification = await proved(parts, parts.daemon, recovery);

      expect([verification.result, ...failedOf(verification)]).toEqual([
        "not-proven",
        "restarted",
        "steady",
      ]);
    });
  });

  const probe = { kind: "http", url: `${HEALTH}?other` } as const;
  it.each([
    ["a planned matter that was accused, too", "user-interface", ["health", "other"], "proven"],
    ["a graver one that only recommends", "security-vulnerability", ["health"], "proven"],
    ["a graver one that was accused", "security-vulnerability", ["health", "other"], "not-proven"],
    ["one that may act by itself", "error-rate", ["health"], "not-proven"],
  ] as const)("heeds what may decide: %s lasts", async (_name, trigger, signals, result) => {
    await withDaemon(
      async (parts) => {
        const { daemon, world, record } = parts;
        const { id, trigger: down, tier, mode, since } = anIncident();
        const opened = { trigger: down, tier, mode, since, signals: [...signals] };
        record({ kind: "incident-opened", incident: id, ...opened });
        const recovery = await restarted(parts, () => world.restart());
        function sample(): void {
          const now = world.clock.now();
          for (const name of ["health", "services"]) {
            daemon.observatory.receive(aSample(name, now, 0));
          }
          daemon.observatory.receive(aSample("other", now, 1));
        }

        const verification = await proved({ ...parts, sample }, daemon, recovery);

        expect(verification.result).toBe(result);
      },
      { triggers: { "system-down": { mode: "auto" }, "error-rate": { mode: "auto" } } },
      {
        signals: [
          { name: "health", trigger: "system-down", probe: { kind: "http", url: HEALTH } },
          { name: "services", trigger: "system-down", probe: { kind: "pm2" } },
          { name: "other", trigger, probe },
        ],
      },
    );
  });

  it("compares with the baseline of the release that is deployed", async () => {
    await withDaemon(async (parts) => {
      const { world, record } = parts;
      const { config } = parts.daemon;
      const verify = { ...config.verify, tables: ["doses"] };
      const daemon = { ...parts.daemon, config: { ...config, verify } };
      const count = { kind: "known", rows: 10, isExact: true } as const;
      const baseline = { at: 0, endpoints: [], tables: [{ table: "doses", count }] };
      const identity = anIdentity();
      record({ kind: "identity-seen", identity });
      record({ kind: "release-captured", release: "rel-1", identity, tag: null });
      record({ kind: "release-proven", release: "rel-1", baseline });
      world.database.setRows("doses", 9);
      const recovery = await restarted(parts, () => world.restart());

      const verification = await proved(parts, daemon, recovery);

      expect([verification.result, ...failedOf(verification)]).toEqual([
        "not-proven",
        "rows of doses",
        "steady",
      ]);
    });
  });
});
