import { describe, expect, it } from "vitest";
import { configurationDiff } from "../../src/app/configuration-diff.ts";
import { draftConfiguration } from "../../src/app/draft-configuration.ts";
import { captureNow } from "../../src/app/release-actions.ts";
import type { Plan } from "../../src/model/plan.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;

/** What is deployed is captured; then a person changes `.env`, and pm2 gets another variable. Returns the capture's id. */
async function changed({ daemon, world }: Parts): Promise<string> {
  await world.write(".env", "POOL=5\n");
  const id = await captureNow(daemon, LIVE);
  await world.clock.advance(60_000);
  await world.write(".env", "POOL=20\nAPI_KEY=tell-nobody\n");
  const [definition] = await daemon.world.pm2.definitions(["api"], LIVE);
  const env = { ...definition?.env, NEW_FLAG: "on" };
  const { options = {}, name = "api" } = definition ?? {};
  await daemon.world.pm2.replace("api", [{ name, options, env, hash: "" }], LIVE);
  await daemon.surroundings.lookAtAll(LIVE);
  return id;
}

async function planOf({ daemon }: Parts, id: string, kinds: readonly string[] = []): Promise<Plan> {
  const release = await daemon.catalogue.get(id);
  const incident = {
    id: "inc-1",
    trigger: "system-down" as const,
    since: daemon.world.clock.now(),
  };
  return draftConfiguration(daemon, { incident, release, requestedBy: "mia", kinds }, LIVE);
}

describe("a plan of configuration", () => {
  it("is made from what is installed, and restarts with whole definitions where the code is the same", async () => {
    await withDaemon(async (parts) => {
      const plan = await planOf(parts, await changed(parts));

      expect(plan).toMatchObject({ scope: "configuration", requestedBy: "mia" });
      expect(plan.steps.map(({ id }) => id)).toEqual(
        expect.arrayContaining(["stage:.env", "stage-definitions", "start-service:api"]),
      );
      expect(plan.steps.find(({ id }) => id === "stage-definitions")).toMatchObject({
        services: ["api"],
        whole: true,
      });
      expect(JSON.stringify(plan)).not.toContain("tell-nobody");
    });
  });

  it("shows what it would change, and no secret", async () => {
    await withDaemon(async (parts) => {
      const plan = await planOf(parts, await changed(parts));

      const changes = await configurationDiff(parts.daemon, plan, LIVE);

      const told = changes.map(({ name, change, detail }) => `${name} ${change} ${detail}`);
      expect(told).toEqual([
        ".env API_KEY removed ***",
        ".env POOL changed 20 -> 5",
        "api env NEW_FLAG removed on",
      ]);
    });
  });

  it("is of the kinds that are asked for alone, and refused for others", async () => {
    await withDaemon(async (parts) => {
      const id = await changed(parts);

      await expect(planOf(parts, id, ["monitoring"])).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("is that of"),
      });
      await expect(planOf(parts, id, ["colours"])).rejects.toMatchObject({
        code: "refused",
        hint: expect.stringContaining("environment"),
      });
    });
  });

  it("leaves alone what was changed before the blamed deployment, for another reason", async () => {
    await withDaemon(async (parts) => {
      const id = await changed(parts);
      const { daemon, record, world } = parts;
      const seen = daemon.surroundings.identity()?.value ?? {};
      const at = world.clock.now();
      record({
        kind: "change-seen",
        change: { after: at - 1000, at, parts: ["configFiles"], summary: [".env"], to: seen },
      });
      await world.clock.advance(600_000);
      const later = world.clock.now();
      record({
        kind: "change-seen",
        change: { after: later - 1000, at: later, parts: ["served"], summary: ["x"], to: seen },
      });
      await world.clock.advance(1000);

      await expect(planOf(parts, id)).rejects.toMatchObject({
        code: "refused",
        hint: expect.stringMatching(/\.env stays as it is.*pm2 environment of api stays as it is/u),
      });
    });
  });
});
