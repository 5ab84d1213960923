import { describe, expect, it } from "vitest";
import { rollBackByHand } from "../../src/app/roll-back-by-hand.ts";
import type { Person } from "../../src/model/people.ts";
import { aPlan } from "../support/builders.ts";
import { breaksAfterProof, whileDrafting, withDaemon } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const ADA: Person = { name: "Ada", roles: [], access: ["administer"] };
const BACK = { scope: "application", reason: "so it is" } as const;

describe("while a rollback by hand is drafted", () => {
  it("rollwatch may begin one of its own: the one by hand is refused and leaves nothing", async () => {
    await withDaemon(async (parts) => {
      const { id } = await breaksAfterProof(parts);
      const daemon = whileDrafting(parts.daemon, () => {
        parts.record({ kind: "planned", plan: aPlan({ id: "by-itself", incident: id }) });
      });

      const asking = rollBackByHand(daemon, BACK, ADA, LIVE);

      await expect(asking).rejects.toMatchObject({
        code: "refused",
        message: "plan by-itself is being carried out",
      });
      expect(daemon.journal.history().recoveries.map((one) => one.plan.id)).toEqual(["by-itself"]);
      expect(daemon.journal.history().incidents).toHaveLength(1);
    });
  });

  it("its incident may be closed: it is recorded for a new one", async () => {
    await withDaemon(async (parts) => {
      const { id } = await breaksAfterProof(parts);
      const daemon = whileDrafting(parts.daemon, () => {
        parts.record({ kind: "closed", incident: id, outcome: "held", reason: "it cleared" });
      });

      const { incident, plan } = await rollBackByHand(daemon, BACK, ADA, LIVE);

      expect(incident).not.toBe(id);
      const { incidents, recoveries } = daemon.journal.history();
      expect(incidents.at(-1)).toMatchObject({ id: incident, reported: { by: "Ada" } });
      expect(recoveries).toMatchObject([{ plan: { id: plan, incident } }]);
    });
  });

  it("a breach may open an incident: it is recorded for that", async () => {
    await withDaemon(async (parts) => {
      const { id } = await breaksAfterProof(parts);
      parts.record({ kind: "closed", incident: id, outcome: "held", reason: "it cleared" });
      const daemon = whileDrafting(parts.daemon, () => {
        parts.record({
          kind: "incident-opened",
          incident: "inc-new",
          trigger: "system-down",
          tier: "immediate",
          mode: "auto",
          since: parts.world.clock.now(),
          signals: ["health"],
        });
      });

      const { incident } = await rollBackByHand(daemon, BACK, ADA, LIVE);

      expect(incident).toBe("inc-new");
      expect(daemon.journal.history().incidents).toHaveLength(2);
    });
  });
});
