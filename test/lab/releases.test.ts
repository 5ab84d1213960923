import { expect, it } from "vitest";
import { listReleases } from "../../lab/releases.ts";
import { TRIGGER_ROWS } from "../../src/model/trigger.ts";

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

it.for(releases)("brings $id by a deployment or from outside, never both", ({ change, fault }) => {
  expect(fault !== undefined).toBe(change === "none");
});
