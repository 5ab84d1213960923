import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import type { Guard } from "../../src/decide/guard.ts";
import { allow, recommend } from "../../src/decide/guard.ts";
import { aBreachedVerdict, aSituation } from "../support/builders.ts";

const corrupt = aBreachedVerdict({ trigger: "data-corruption" });

function ladderOf(guard: Guard): Parameters<typeof decide>[1] {
  return { "roll-back": [guard], restart: [guard] };
}

const asking = ladderOf({ id: "asks", check: () => recommend("because") });
const allowing = ladderOf({ id: "allows", check: () => allow("because") });

describe("damaged data", () => {
  it("has the database recommended where the target has a proven snapshot of it", () => {
    const decision = decide(aSituation({ verdict: corrupt, hasSnapshot: true }), asking);

    expect(decision).toMatchObject({ kind: "recommend", scope: "database", target: "rel-good" });
  });

  it.each([
    ["there is no snapshot", aSituation({ verdict: corrupt }), asking],
    ["it is not the data", aSituation({ hasSnapshot: true }), asking],
    ["rollwatch may act by itself", aSituation({ verdict: corrupt, hasSnapshot: true }), allowing],
  ])("leaves the database alone where %s", (_what, situation, ladder) => {
    const decision = decide(situation, ladder);

    expect(decision.scope).not.toBe("database");
  });
});
