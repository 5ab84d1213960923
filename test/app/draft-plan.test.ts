import { describe, expect, it } from "vitest";
import { draftPlan } from "../../src/app/draft-plan.ts";
import { proveDeployed } from "../../src/app/prove-deployed.ts";
import type { Plan } from "../../src/model/plan.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const MINUTE = 60_000;

async function planBack(parts: Parts): Promise<Plan> {
  const { daemon, world } = parts;
  await daemon.surroundings.lookAtAll(LIVE);
  await proveDeployed(daemon, daemon.surroundings.identity()?.value ?? {}, LIVE);
  await world.clock.advance(1000);
  await world.install("bad-2", "answers 500");
  await daemon.surroundings.lookAtAll(LIVE);
  const release = await daemon.catalogue.get(daemon.journal.history().releases[0]?.id ?? "");
  const incident = { id: "inc-1", trigger: "system-down", since: world.clock.now() } as const;
  return draftPlan(daemon, { incident, release, requestedBy: "kim" }, LIVE);
}

describe("a drafted plan", () => {
  it("goes from what is deployed to the release, within the budget from the first bad sample", async () => {
    await withDaemon(async (parts) => {
      const plan = await planBack(parts);

      expect(plan).toMatchObject({
        incident: "inc-1",
        requestedBy: "kim",
        from: { served: "bad-2" },
        deadline: parts.world.clock.now() + 5 * MINUTE,
      });
      expect(plan.steps.map((step) => step.id)).toContain("switch:server");
    });
  });

  it("writes nothing and changes nothing", async () => {
    await withDaemon(async (parts) => {
      await planBack(parts);

      expect(parts.written()).not.toContain("planned");
      expect(parts.world.pm2.calls).toEqual([]);
      expect(await parts.world.read("server/release")).toBe("bad-2");
    });
  });

  it("leaves out what does not differ", async () => {
    await withDaemon(async (parts) => {
      const plan = await planBack(parts);

      const paths = plan.steps.filter((step) => step.kind === "switch").map((step) => step.id);
      expect(paths).toEqual(["switch:server", "switch:package-lock.json"]);
    });
  });
});
