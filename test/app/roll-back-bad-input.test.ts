import { describe, expect, it } from "vitest";
import { rollBackByHand } from "../../src/app/roll-back-by-hand.ts";
import type { RollbackRequest } from "../../src/model/actions.ts";
import { withDaemon } from "../support/daemon.ts";
import { SERVICES } from "../support/story-world.ts";

const LIVE = new AbortController().signal;
const MIA = { name: "mia", roles: [], access: ["administer"] } as const;

const CASES: readonly (readonly [string, Omit<RollbackRequest, "reason">, string, string])[] = [
  [
    "a service that is not configured",
    { scope: "service", services: ["nobody"] },
    "nobody is not configured",
    SERVICES.join(", "),
  ],
  ["no service", { scope: "service" }, "no service is named", SERVICES.join(", ")],
  [
    "a service beside the whole application",
    { scope: "application", services: [...SERVICES] },
    "takes every service along",
    "--scope service",
  ],
  ["no release while none is proven", { scope: "application" }, "no proven release", "--to"],
  [
    "a release that is not there",
    { scope: "application", to: "rel-none" },
    "rel-none",
    "rollwatch",
  ],
];

describe("a rollback by hand", () => {
  it.each(CASES)(
    "of %s is refused with a word on what to do, and leaves nothing",
    async (...one) => {
      const [, request, message, hint] = one;
      await withDaemon(async ({ daemon, written }) => {
        const asked = rollBackByHand(daemon, { ...request, reason: "x" }, MIA, LIVE);

        await expect(asked).rejects.toMatchObject({
          message: expect.stringContaining(message),
          hint: expect.stringContaining(hint),
        });
        expect(written()).toEqual([]);
      });
    },
  );
});
