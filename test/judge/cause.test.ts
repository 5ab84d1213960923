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

/** All green again; this one was red from five seconds before noon to five after. */
function wasRed(name: ControlName): CauseInput["controls"] {
  const outage = { from: NOON - 5000, until: NOON + 5000, detail: "refused" };
  return greenControls().map((one) => (one.name === name ? { ...one, outage } : one));
}

describe("the likely cause", () => {
  it.each<[ControlName, string]>([
    ["event-loop", "monitoring"],
    ["loopback", "monitoring"],
    ["database", "database"],
    ["dns", "host"],
    ["upstream", "upstream"],
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

  it.each([
    ["application", "release"], // it may be the release that fills it
    ["others", "database"],
    ["unknown", "unknown"],
  ] as const)("with a database that is full by the doing of %s is the %s", (takenBy, cause) => {
    const controls = redOne("database").map((one) =>
      one.name === "database" ? { ...one, takenBy } : one,
    );

    const attribution = attribute(input({ controls }));

    expect(attribution.cause).toBe(cause);
    expect(attribution.evidence).toContain("control database is red: database is fine");
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
      "controls green: loopback, event-loop, disk, memory, database, pm2, dns, upstream",
      "changed 3.0 s before the first bad sample: commit aaaa -> bbbb",
      "as it was before: lock file, configuration files, pm2 definitions, database schema",
      "api is errored in pm2 after 15 restarts",
    ]);
  });

  it.each<[readonly ControlName[], string]>([
    // nothing beyond this machine is reached: its network, not each of them
    [["database", "upstream"], "host"],
    [["dns", "upstream"], "host"],
    // who cannot trust his own eyes says nothing of the network either
    [["loopback", "database", "upstream"], "monitoring"],
    [["database", "disk"], "database"],
    [["upstream", "memory"], "upstream"],
  ])("with %j red at once is the %s", (controls, cause) => {
    expect(attribute(input({ controls: redOne(...controls) })).cause).toBe(cause);
  });

  describe("after an outage that is over", () => {
    it.each<[ControlName, number, string]>([
      // an application may never find back to its database by itself
      ["database", NOON, "database"],
      ["upstream", NOON, "upstream"],
      // controls are asked every few seconds: an outage may be older than its first red answer
      ["database", NOON - 15_000, "database"],
      ["database", NOON - 15_001, "release"],
      ["database", NOON + 15_000, "database"],
      ["database", NOON + 15_001, "release"],
      // the signal needs good windows to clear after the control is green again
      ["memory", NOON, "host"],
      ["disk", NOON, "host"],
      // a moment of our own says nothing about what goes on after it
      ["event-loop", NOON, "release"],
    ])("of %s a breach that began at %d is the doing of the %s", (name, since, cause) => {
      const changes = [aChange({ after: 0, at: NOON - 60_000 })];

      const found = attribute(input({ controls: wasRed(name), since, changes }));

      expect(found.cause).toBe(cause);
    });

    it("says when it was", () => {
      const { evidence } = attribute(input({ controls: wasRed("upstream") }));

      expect(evidence[0]).toMatch(
        /^control upstream was red from .* to .*, when this began: refused$/u,
      );
    });
  });
});
