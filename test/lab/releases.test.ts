import { expect, it } from "vitest";
import { listReleases } from "../../lab/releases.ts";
import { TRIGGER_ROWS, TRIGGERS } from "../../src/model/trigger.ts";

const SHOWN = [
  "system-down",
  "slow-responses",
  "error-rate",
  "memory",
  "pool-exhausted",
  "websocket",
] as const;
const RIGHT = { restart: "serviced", page: "held", tell: "held" } as const;

const releases = await listReleases();

it.for(SHOWN)("has a release that is bad by %s, and right is to go back", (trigger) => {
  const release = releases.find((one) => one.id === trigger);

  expect(release).toMatchObject({
    trigger,
    right: { decision: "roll-back", outcome: "rolled-back", cause: "release" },
  });
});

it.for(SHOWN)(
  "has the fault %s without a change, and right is what the runbook says",
  (trigger) => {
    const release = releases.find((one) => one.id === `${trigger}-no-change`);

    expect(release).toMatchObject({
      trigger,
      change: "none",
      right: { outcome: RIGHT[TRIGGER_ROWS[trigger].withoutChange], cause: "unknown" },
    });
  },
);

it.for(TRIGGERS)("has a fault named after the trigger %s, which it shows", (trigger) => {
  const release = releases.find((one) => one.id === trigger);

  expect(release).toMatchObject({ trigger, right: { cause: "release" } });
  expect(["rolled-back", "recommended"]).toContain(release?.right.outcome);
});

it.for(["database", "host", "upstream"] as const)(
  "has a fault whose cause is the %s, alone and right after a deployment, and right is to leave the release alone",
  (cause) => {
    const faults = releases.filter((one) => one.right.cause === cause);

    expect(new Set(faults.map((one) => one.change === "none"))).toEqual(new Set([false, true]));
    expect(faults.map((one) => one.right)).toEqual(
      faults.map(() => ({ decision: "hold", outcome: "held", cause })),
    );
  },
);

it.for(releases)("has something happen in $id that can be noticed", (release) => {
  const { change, fault, report, trigger } = release;
  const isDeployed = change !== "none";

  expect(isDeployed || fault !== undefined).toBe(true);
  expect(report !== undefined && (trigger === null || fault !== undefined)).toBe(false);
});
