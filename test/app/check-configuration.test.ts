import { describe, expect, it } from "vitest";
import { checkConfiguration } from "../../src/app/check-configuration.ts";
import type { Plan } from "../../src/model/plan.ts";
import { aPlan, aRelease, anIdentity } from "../support/builders.ts";

const THEN = anIdentity({
  configFiles: { ".env": "e", "limits.yaml": "m" },
  definitions: { api: "1", cleaner: "1" },
});
const FILES = [
  { path: ".env", kindOfConfig: "environment" },
  { path: "limits.yaml", kindOfConfig: "monitoring" },
].map((one) => ({ ...one, kind: "file" as const, digest: "x", files: 1, bytes: 1 }));
const TARGET = aRelease({ identity: THEN, configFiles: FILES });

function staged(whole: boolean): Plan["steps"][number] {
  return {
    id: "stage-definitions",
    kind: "stage-definitions",
    phase: "prepare",
    text: "keep definitions ready",
    deadlineMs: 1000,
    release: TARGET.id,
    services: ["api", "cleaner"],
    whole,
  };
}

function aStart(service: string, phase: "act" | "settle"): Plan["steps"][number] {
  return { id: `start-service:${service}`, kind: "start-service", phase, service };
}

function aConfigurationPlan(over: Partial<Plan> = {}): Plan {
  return aPlan({ scope: "configuration", kinds: ["environment"], ...over });
}

describe("the check of restored configuration", () => {
  it.each<readonly [string, Partial<Plan>, Partial<typeof THEN>, boolean]>([
    ["a file of its kinds differs", {}, { configFiles: { ".env": "E" } }, false],
    [
      "a file of another kind differs",
      {},
      { configFiles: { ".env": "e", "limits.yaml": "M" } },
      true,
    ],
    ["the code is another", {}, { commit: "c".repeat(40) }, true],
    [
      "a file differs that is kept",
      { kept: [{ path: ".env", reason: "by hand" }] },
      { configFiles: { ".env": "E" } },
      true,
    ],
    [
      "a definition differs that was put back whole",
      { steps: [staged(true), aStart("api", "act")] },
      { definitions: { api: "9" } },
      false,
    ],
    [
      "one differs that is started after the verification",
      { steps: [staged(true), aStart("cleaner", "settle")] },
      { definitions: { cleaner: "9" } },
      true,
    ],
    [
      "a present definition got the captured environment",
      { steps: [staged(false), aStart("api", "act")] },
      { definitions: { api: "9" } },
      true,
    ],
  ])("where %s", (_what, plan, now, passed) => {
    const check = checkConfiguration(aConfigurationPlan(plan), TARGET, { ...THEN, ...now });

    expect(check.passed).toBe(passed);
  });
});
