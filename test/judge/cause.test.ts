import { describe, expect, it } from "vitest";
import { attribute, type CauseInput } from "../../src/judge/cause.ts";
import type { ControlName } from "../../src/model/control.ts";
import type { IdentityPart } from "../../src/model/identity.ts";
import { aChange, aService, greenControls, NOON } from "../support/builders.ts";

function input(over: Partial<CauseInput> = {}): CauseInput {
  return {
    breaches: [],
    since: NOON,
    changes: [aChange()],
    controls: greenControls(),
    services: [],
    blameWindowMs: 7_200_000,
    ...over,
  };
}

function redOne(...names: readonly ControlName[]): CauseInput["controls"] {
  return greenControls().map((one) => (names.includes(one.name) ? { ...one, state: "red" } : one));
}

describe("the likely cause", () => {
  it.each<[ControlName, string]>([
    ["event-loop", "monitoring"],
    ["loopback", "monitoring"],
    ["database", "database"],
    ["pm2", "host"],
    ["disk", "host"],
    ["memory", "host"],
  ])("with a red %s is the %s, although something was changed", (control, cause) => {
    const attribution = attribute(input({ controls: redOne(control) }));

    expect(attribution.cause).toBe(cause);
    expect(attribution.evidence).toContain(`control ${control} is red: ${control} is fine`);
  });

  it("is the monitoring before anything else that is red", () => {
    expect(attribute(input({ controls: redOne("disk", "database", "loopback") })).cause).toBe(
      "monitoring",
    );
  });

  it.each<[readonly IdentityPart[], string]>([
    [["commit"], "release"],
    [["configFiles"], "configuration"],
    [["definitions", "configFiles"], "configuration"],
    [["commit", "configFiles"], "release"],
    [["schema"], "migration"],
    [["schema", "configFiles"], "migration"],
    [["schema", "commit"], "release"],
    [["lockfile"], "release"],
  ])("after a change of %s is the %s", (parts, cause) => {
    expect(attribute(input({ changes: [aChange({ parts: [...parts] })] })).cause).toBe(cause);
  });

  it.each([
    ["was not begun when the breach began", { after: NOON + 1, at: NOON + 10 }, "unknown"],
    ["may have begun before the first bad sample", { after: NOON, at: NOON + 10 }, "release"],
    ["lies just inside the blame window", { after: 0, at: NOON - 7_200_000 }, "release"],
    ["lies just outside of it", { after: 0, at: NOON - 7_200_001 }, "unknown"],
  ])("looks at whether the change %s", (_when, times, cause) => {
    expect(attribute(input({ changes: [aChange(times)] })).cause).toBe(cause);
  });

  it("names what speaks for it, with values", () => {
    const services = [aService("api", { status: "errored", restarts: 15 }), aService("importer")];

    const { evidence } = attribute(input({ services }));

    expect(evidence).toEqual([
      "changed 3.0 s before the first bad sample: commit aaaa -> bbbb",
      "api is errored in pm2 after 15 restarts",
    ]);
  });
});
