import { describe, expect, it } from "vitest";
import { daemonActions } from "../../src/app/actions.ts";
import { askPeople } from "../../src/app/follow.ts";
import { openRecovery, waitingRecovery } from "../../src/model/history.ts";
import type { Actions } from "../../src/model/actions.ts";
import type { Person } from "../../src/model/people.ts";
import { breaksAfterProof, type Parts, withDaemon } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const ADA: Person = { name: "Ada", roles: ["system-administrator"], access: ["approve"] };
const EVE: Person = { ...ADA, name: "Eve" };
const KIM: Person = { name: "Kim", roles: [], access: ["administer"] };

interface Waiting {
  readonly actions: Actions;
  readonly plan: string;
  readonly incident: string;
  /** How often the loop was told that there is something to do. */
  readonly rings: () => number;
}

/** A breach about which people are asked. */
async function asks({ daemon, ...parts }: Parts): Promise<Waiting> {
  const incident = await breaksAfterProof({ daemon, ...parts });
  const target = daemon.journal.history().releases[0]?.id ?? null;
  const decision = { kind: "recommend", at: 0, reason: "ask", guards: [], target } as const;
  await askPeople(daemon, incident, { ...decision, guards: [] }, LIVE);
  let rings = 0;
  const actions = daemonActions(daemon, () => {
    rings += 1;
  });
  const plan = waitingRecovery(daemon.journal.history())?.plan.id ?? "none waits";
  return { actions, plan, incident: incident.id, rings: () => rings };
}

describe("two answers to one question in the same turn", () => {
  it("both yes: the first one counts, and is told to the loop once", async () => {
    await withDaemon(async (parts) => {
      const { actions, plan, rings } = await asks(parts);

      const answers = await Promise.allSettled([
        actions.approve(plan, {}, ADA),
        actions.approve(plan, {}, EVE),
      ]);

      expect(answers).toMatchObject([
        { status: "fulfilled" },
        { status: "rejected", reason: { code: "refused" } },
      ]);
      expect(openRecovery(parts.daemon.journal.history())?.approval?.given).toMatchObject([
        { by: "Ada" },
      ]);
      expect(rings()).toBe(1);
    });
  });

  it("yes and then no: the no counts while nothing was begun", async () => {
    await withDaemon(async (parts) => {
      const { actions, plan } = await asks(parts);

      await Promise.all([
        actions.approve(plan, {}, ADA),
        actions.reject(plan, { reason: "wait" }, EVE),
      ]);

      expect(openRecovery(parts.daemon.journal.history())).toBeUndefined();
    });
  });

  it("no and then yes: the yes is refused", async () => {
    await withDaemon(async (parts) => {
      const { actions, plan } = await asks(parts);

      const answers = await Promise.allSettled([
        actions.reject(plan, { reason: "wait" }, EVE),
        actions.approve(plan, {}, ADA),
      ]);

      expect(answers.map((one) => one.status)).toEqual(["fulfilled", "rejected"]);
      expect(parts.written()).not.toContain("approved");
    });
  });

  it("yes and the incident's end: what is to be carried out is not closed away", async () => {
    await withDaemon(async (parts) => {
      const { actions, plan, incident } = await asks(parts);

      const answers = await Promise.allSettled([
        actions.approve(plan, {}, ADA),
        actions.close(incident, { reason: "over" }, KIM),
      ]);

      expect(answers).toMatchObject([
        { status: "fulfilled" },
        { status: "rejected", reason: { code: "refused" } },
      ]);
      expect(openRecovery(parts.daemon.journal.history())?.plan.id).toBe(plan);
    });
  });
});

describe("a person's end of an incident", () => {
  it("takes the plan that waits along, and nobody can approve it any more", async () => {
    await withDaemon(async (parts) => {
      const { actions, plan, incident } = await asks(parts);

      await actions.close(incident, { reason: "over" }, KIM);

      await expect(actions.approve(plan, {}, ADA)).rejects.toMatchObject({ code: "refused" });
      const { recoveries, incidents } = parts.daemon.journal.history();
      expect(recoveries).toMatchObject([{ ended: { reason: "Kim closed the incident" } }]);
      expect(incidents).toMatchObject([{ closed: { by: "Kim", reason: "over" } }]);
    });
  });
});
