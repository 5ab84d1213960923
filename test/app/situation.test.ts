import { describe, expect, it } from "vitest";
import { deploymentBy, recoveryLockPath } from "../../src/app/locks.ts";
import { holdLock } from "../../src/system/lock.ts";
import { gatherSituation } from "../../src/app/situation.ts";
import { proveDeployed } from "../../src/app/prove-deployed.ts";
import type { BreachSituation } from "../../src/decide/situation.ts";
import { ruleOf } from "../../src/config/rule.ts";
import { SignalSettings } from "../../src/config/schema.ts";
import { aBreachedSignal, aBreachedVerdict } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;

/** `good-1` is captured and proven, `bad-2` is deployed over it. */
async function deployOverProven({ daemon, world }: Parts): Promise<string> {
  await daemon.surroundings.lookAtAll(LIVE);
  await proveDeployed(daemon, daemon.surroundings.identity()?.value ?? {}, LIVE);
  await world.clock.advance(1000);
  await world.install("bad-2", "answers 500");
  await daemon.surroundings.lookAtAll(LIVE);
  return daemon.journal.history().releases[0]?.id ?? "";
}

async function gather(
  parts: Pick<Parts, "daemon">,
  to?: string,
  lockHeld = true,
): Promise<BreachSituation> {
  const { name, trigger, since, limit, unit, reason } = aBreachedSignal();
  const breach = { signal: name, trigger, since, provenAt: since, value: 1, limit, unit, reason };
  const question = {
    verdict: aBreachedVerdict({ breaches: [breach] }),
    since,
    lockHeld,
    ...(to === undefined ? {} : { to }),
  };
  return gatherSituation(parts.daemon, question, LIVE);
}

describe("the situation of a breach", () => {
  it("has no target before anything was captured, and says how one comes about", async () => {
    await withDaemon(async (parts) => {
      const { target } = await gather(parts);

      expect(target).toMatchObject({
        kind: "none",
        reason: expect.stringContaining("no release was ever captured"),
      });
    });
  });

  it("knows who is at work, by git, by the programs that run in the application, and by who asked", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world } = parts;
      world.git.setBusy("another git command has held index.lock");
      const processes = { ...daemon.world.processes, deployingIn: async () => ["npm ci (pid 7)"] };
      const deployment = holdLock(recoveryLockPath(daemon.config), deploymentBy("ada"));

      const seen = { ...daemon, world: { ...daemon.world, processes } };
      const { busy } = await gather({ daemon: seen }, undefined, false);

      deployment.release();
      expect(busy).toEqual([
        "another git command has held index.lock",
        "npm ci (pid 7) runs in the application",
        expect.stringContaining("deployment by ada, pid"),
      ]);
    });
  });

  it("has no target when only what is deployed was proven", async () => {
    await withDaemon(async (parts) => {
      await parts.daemon.surroundings.lookAtAll(LIVE);
      await proveDeployed(parts.daemon, parts.daemon.surroundings.identity()?.value ?? {}, LIVE);

      const { target } = await gather(parts);

      expect(target).toMatchObject({
        kind: "none",
        reason: expect.stringContaining("no other release"),
      });
    });
  });

  it("has the newest proven release with its proof, ready", async () => {
    await withDaemon(async (parts) => {
      const id = await deployOverProven(parts);

      const { target } = await gather(parts);

      expect(target).toMatchObject({
        kind: "candidate",
        release: { id },
        provenAt: expect.any(Number),
        readiness: { kind: "ready" },
      });
    });
  });

  // An address beside that of the service which serves
  it.each([
    { kind: "http", url: "http://127.0.0.1:4001/" },
    { kind: "websocket", url: "ws://127.0.0.1:4001/live" },
    { kind: "scrape", measure: "gauge", metric: "waiting", url: "http://127.0.0.1:4001/metrics" },
  ])("has a breach that nobody knows a service for, by $kind", async (probe) => {
    await withDaemon(async ({ daemon }) => {
      const { name, trigger } = aBreachedSignal();
      const signal = SignalSettings.parse({ name, trigger, probe, limit: 0 });
      const config = { ...daemon.config, signals: [signal] };
      const rules = [ruleOf(signal, config.application)];

      const { unattributed } = await gather({ daemon: { ...daemon, config, rules } });

      expect(unattributed).toEqual([name]);
    });
  });

  it("looks at the target's files again when the last look is too old", async () => {
    await withDaemon(async (parts) => {
      const id = await deployOverProven(parts);
      await parts.world.write(`../state/releases/${id}/tree/server/main.js`, "tampered with");

      const soon = await gather(parts);
      await parts.world.clock.advance(2 * parts.daemon.config.release.verifyEvery + 1);
      const late = await gather(parts);

      expect([soon.target, late.target]).toMatchObject([
        { readiness: { kind: "ready" } },
        { readiness: { kind: "not-ready" } },
      ]);
    });
  });

  it("says why the target that was asked for cannot be read", async () => {
    await withDaemon(async (parts) => {
      const id = await deployOverProven(parts);
      await parts.world.ports.files.remove(`${parts.daemon.config.state}/releases/${id}`);

      const { target } = await gather(parts, id);

      expect(target).toMatchObject({ kind: "none", reason: expect.stringContaining(id) });
    });
  });

  it("names who is at work, and the service that the breach is about", async () => {
    await withDaemon(async (parts) => {
      parts.world.git.setBusy("index.lock is there");
      parts.world.pm2.setBusy("a reload is under way");

      const { busy, concerned } = await gather(parts);

      expect(busy).toEqual(["index.lock is there", "a reload is under way"]);
      expect(concerned).toEqual(["api"]);
    });
  });

  it("asks nothing of a service that a person stopped: it will not be stopped again", async () => {
    await withDaemon(async (parts) => {
      parts.world.stop("importer");
      await parts.daemon.surroundings.lookAtAll(LIVE);

      const { work } = await gather(parts);

      expect(work.map((one) => one.name)).toEqual(["api", "cleaner"]);
    });
  });
});
