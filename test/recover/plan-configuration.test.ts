import { describe, expect, it } from "vitest";
import { ApplicationSettings } from "../../src/model/application.ts";
import { Plan } from "../../src/model/plan.ts";
import type { CapturedPath } from "../../src/model/release.ts";
import {
  type ConfigurationInput,
  kindsOf,
  makeConfigurationPlan,
} from "../../src/recover/plan-configuration.ts";
import { KnownStep } from "../../src/recover/steps/index.ts";
import { aRelease, aService, anIdentity, NOON } from "../support/builders.ts";

const APPLICATION = ApplicationSettings.parse({
  name: "patient",
  root: "/srv/app",
  pm2Home: "/srv/pm2",
  services: [
    { name: "api" },
    { name: "importer", reads: ["environment"] },
    { name: "watcher", reads: ["monitoring"] },
    { name: "cleaner", destructive: true },
  ],
  artifacts: ["server"],
  configFiles: {
    environment: [".env"],
    database: ["server/db.js"],
    monitoring: ["limits.yaml"],
    feeds: [],
  },
});
const NAMES = APPLICATION.services.map((service) => service.name);

function file(
  path: string,
  kindOfConfig: string,
): CapturedPath & { readonly kindOfConfig: string } {
  return { path, kind: "file", digest: "then", files: 1, bytes: 10, kindOfConfig };
}

const TARGET = aRelease({
  identity: anIdentity({ definitions: Object.fromEntries(NAMES.map((name) => [name, "1"])) }),
  configFiles: [
    file(".env", "environment"),
    file("server/db.js", "database"),
    file("limits.yaml", "monitoring"),
  ],
  services: NAMES.map((name) => ({ name, instances: 1 })),
});

/** Every configuration file differs; every environment is as captured. */
function anInput(over: Partial<ConfigurationInput> = {}): ConfigurationInput {
  return {
    id: "plan-1",
    incident: "inc-1",
    requestedBy: "policy",
    now: NOON,
    deadline: NOON + 300_000,
    configHash: "4444",
    application: APPLICATION,
    target: TARGET,
    from: TARGET.identity,
    current: TARGET.configFiles.map((one) => ({ ...one, digest: "now" })),
    services: NAMES.map((name) => aService(name)),
    kept: [],
    hasDump: true,
    kinds: ["environment", "database", "monitoring"],
    environments: [],
    isWhole: true,
    ...over,
  };
}

function idsOf(over: Partial<ConfigurationInput>): readonly string[] {
  return makeConfigurationPlan(anInput(over)).steps.map(({ id }) => id);
}

function stepOf(id: string, over: Partial<ConfigurationInput>): unknown {
  return makeConfigurationPlan(anInput(over)).steps.find((step) => step.id === id);
}

describe("a plan of configuration", () => {
  it("switches its files, and restarts in the order of starting; what deletes data stands still from the switch to the proof", () => {
    const plan = makeConfigurationPlan(anInput());

    expect(plan).toMatchObject({
      scope: "configuration",
      target: "rel-good",
      kinds: ["environment", "database", "monitoring"],
    });
    expect(plan.steps.map(({ id, phase }) => `${phase} ${id}`)).toEqual([
      "prepare stage:.env",
      "prepare stage:server/db.js",
      "prepare stage:limits.yaml",
      "act stop-service:cleaner",
      "act switch:.env",
      "act switch:server/db.js",
      "act switch:limits.yaml",
      "act start-service:api",
      "act start-service:importer",
      "act start-service:watcher",
      "act prove-configuration",
      "settle start-service:cleaner",
      "settle prove-configuration:settle",
      "settle save-pm2",
      "settle clean-up",
    ]);
  });

  it("survives the journal: every step parses strictly after JSON", () => {
    const input = anInput({ environments: [{ service: "api", gone: ["NEW"] }] });

    const plan = Plan.parse(JSON.parse(JSON.stringify(makeConfigurationPlan(input))));

    expect(plan.steps.map((step) => KnownStep.safeParse(step).success)).not.toContain(false);
  });

  it.each([
    // Everybody who does not say otherwise reads it.
    ["monitoring", "limits.yaml", ["api", "watcher"]],
    ["database", "server/db.js", ["api"]],
    ["environment", ".env", ["api", "importer"]],
  ])("of the kind %s takes %s and the services that read it", (kind, path, readers) => {
    const ids = idsOf({ kinds: [kind], hasDump: false });

    expect(ids).toEqual([
      `stage:${path}`,
      "stop-service:cleaner",
      `switch:${path}`,
      ...readers.map((name) => `start-service:${name}`),
      "prove-configuration",
      "start-service:cleaner",
      "prove-configuration:settle",
      "clean-up",
    ]);
  });

  it("replaces the services whose environment differs, and no others, with what it writes down first", () => {
    const environments = [{ service: "watcher", gone: ["NEW_FLAG"] }];
    const over = { kinds: ["environment"], current: TARGET.configFiles, environments };

    expect(idsOf(over)).toEqual([
      "stage-definitions",
      "start-service:watcher",
      "prove-configuration",
      "save-pm2",
      "clean-up",
    ]);
    expect(stepOf("stage-definitions", over)).toMatchObject({ services: ["watcher"], whole: true });
    expect(stepOf("start-service:watcher", over)).toMatchObject({
      how: "replace",
      staged: true,
      text: "restart watcher with its captured definition, without NEW_FLAG",
    });
    expect(stepOf("prove-configuration", over)).toMatchObject({
      services: [{ name: "watcher", gone: ["NEW_FLAG"] }],
    });
  });

  it("gives no old definition to newer code", () => {
    const environments = [{ service: "api", gone: [] }];
    const over = { current: TARGET.configFiles, environments, isWhole: false };

    expect(stepOf("stage-definitions", over)).toMatchObject({ whole: false });
    expect(stepOf("start-service:api", over)).toMatchObject({
      text: "restart api with its captured environment",
    });
  });

  it("brings a reader back that pm2 does not know any more", () => {
    const services = NAMES.map((name) =>
      name === "api" ? { name, instances: [] } : aService(name),
    );

    const over = { kinds: ["database"], services };

    expect(stepOf("start-service:api", over)).toMatchObject({ how: "replace" });
    expect(stepOf("stage-definitions", over)).toMatchObject({ services: ["api"] });
  });

  it("leaves stopped what a person stopped", () => {
    const services = NAMES.map((name) => aService(name, { status: "stopped", pid: 0 }));

    expect(idsOf({ services, hasDump: false })).not.toContain("start-service:api");
  });

  it("takes a file away that the target had not", () => {
    const target = {
      ...TARGET,
      configFiles: [{ ...file(".env", "environment"), kind: "absent" as const, digest: "" }],
    };

    expect(stepOf("switch:.env", { target })).toMatchObject({ absentInTarget: true });
    expect(idsOf({ target })).not.toContain("stage:.env");
  });

  it("keeps a file as it is, and says why", () => {
    const kept = [{ path: ".env", reason: "changed by hand" }];

    const plan = makeConfigurationPlan(anInput({ kinds: ["environment"], kept }));

    expect(plan.kept).toEqual(kept);
    expect(plan.steps).toEqual([]);
  });

  it("has no steps where nothing differs", () => {
    expect(idsOf({ current: TARGET.configFiles })).toEqual([]);
  });
});

describe("the kinds of an application's configuration", () => {
  it("are those with files, and pm2's environment", () => {
    expect(kindsOf(APPLICATION)).toEqual(["environment", "database", "monitoring"]);
    expect(
      kindsOf({ ...APPLICATION, configFiles: { ...APPLICATION.configFiles, environment: [] } }),
    ).toContain("environment");
  });
});
