import { describe, expect, it } from "vitest";
import { ApplicationSettings } from "../../src/model/application.ts";
import { Plan } from "../../src/model/plan.ts";
import type { CapturedPath } from "../../src/model/release.ts";
import type { PlanInput } from "../../src/recover/plan-input.ts";
import { makePlan } from "../../src/recover/plan.ts";
import { KnownStep } from "../../src/recover/steps/index.ts";
import {
  aRelease,
  aService,
  anIdentity,
  BAD_COMMIT,
  GOOD_COMMIT,
  NOON,
} from "../support/builders.ts";

const APPLICATION = ApplicationSettings.parse({
  name: "patient",
  root: "/srv/app",
  pm2Home: "/srv/pm2",
  services: [
    { name: "api", quiesce: "5s" },
    { name: "importer" },
    { name: "cleaner", destructive: true },
  ],
  artifacts: ["server", "web"],
  configFiles: { environment: [".env"], monitoring: ["server/config.js"] },
  releaseIdFrom: { url: "http://127.0.0.1:3000/health", json: "release" },
});

function captured(path: string, digest: string, over: Partial<CapturedPath> = {}): CapturedPath {
  return { path, kind: "directory", digest, files: 3, bytes: 300, ...over };
}

const TARGET = aRelease({
  identity: anIdentity({
    served: "good-1",
    definitions: { api: "1", importer: "2", cleaner: "3" },
  }),
  artifacts: [captured("server", "s"), captured("web", "w")],
  configFiles: [
    { ...captured(".env", "e"), kindOfConfig: "environment" },
    { ...captured("server/config.js", "c"), kindOfConfig: "monitoring" },
  ],
  services: ["api", "importer", "cleaner"].map((name) => ({ name, instances: 1 })),
});

function anInput(over: Partial<PlanInput> = {}): PlanInput {
  return {
    id: "plan-1",
    incident: "inc-1",
    requestedBy: "policy",
    now: NOON,
    deadline: NOON + 300_000,
    configHash: "4444",
    application: APPLICATION,
    target: TARGET,
    from: { ...TARGET.identity, commit: BAD_COMMIT },
    current: [
      captured("server", "bad"),
      captured("web", "w"),
      captured(".env", "bad"),
      captured("server/config.js", "bad"),
    ],
    services: [aService("api"), aService("importer"), aService("cleaner")],
    kept: [],
    hasDump: true,
    ...over,
  };
}

function stepIds(over: Partial<PlanInput> = {}): readonly string[] {
  return makePlan(anInput(over)).steps.map(({ id }) => id);
}

function servedIn(over: Partial<PlanInput>): unknown {
  return makePlan(anInput(over)).steps.find(({ id }) => id === "prove-identity")?.["served"];
}

describe("a plan", () => {
  it("stages, stops in reverse, switches, points git, starts in order, proves, and settles", () => {
    expect(makePlan(anInput()).steps.map(({ id, phase }) => `${phase} ${id}`)).toEqual([
      "prepare stage:server",
      "prepare stage:.env",
      "act stop-service:cleaner",
      "act stop-service:importer",
      "act stop-service:api",
      "act switch:server",
      "act switch:.env",
      "act point-git",
      "act start-service:api",
      "act start-service:importer",
      "act prove-identity",
      "settle start-service:cleaner",
      "settle prove-identity:settle",
      "settle save-pm2",
      "settle clean-up",
    ]);
  });

  it("survives the journal: every step parses strictly after JSON", () => {
    const plan = Plan.parse(JSON.parse(JSON.stringify(makePlan(anInput()))));

    expect(plan.steps.map((step) => KnownStep.safeParse(step).success)).not.toContain(false);
  });

  it("leaves alone what does not differ", () => {
    const current = [...TARGET.artifacts, ...TARGET.configFiles];
    const from = TARGET.identity;

    expect(stepIds({ current, from, hasDump: false })).toEqual([
      "stop-service:cleaner",
      "stop-service:importer",
      "stop-service:api",
      "start-service:api",
      "start-service:importer",
      "prove-identity",
      "start-service:cleaner",
      "prove-identity:settle",
      "clean-up",
    ]);
  });

  it("takes away what the target did not have, without staging it", () => {
    const absent = captured("server", "", { kind: "absent", files: 0, bytes: 0 });
    const target = { ...TARGET, artifacts: [absent, captured("web", "w")], configFiles: [] };

    const ids = stepIds({ target });

    expect(ids.filter((id) => id.endsWith(":server"))).toEqual(["switch:server"]);
  });

  it("keeps configuration files as they are now and says why", () => {
    const kept = [
      { path: ".env", reason: "changed at 11:40, before the deployment" },
      { path: "server/config.js", reason: "changed by hand" },
    ];

    const plan = makePlan(anInput({ kept }));

    expect(plan.kept).toEqual(kept);
    expect(plan.steps.map(({ id }) => id)).not.toContain("switch:.env");
    expect(plan.steps.find(({ id }) => id === "stage:server")).toMatchObject({
      kept: ["server/config.js"],
    });
  });

  it("leaves stopped what a person stopped", () => {
    const services = [
      aService("api"),
      aService("importer", { status: "stopped", pid: 0 }),
      aService("cleaner", { status: "stopped", pid: 0 }),
    ];

    const ids = stepIds({ services });

    expect(ids.filter((id) => /importer|cleaner|settle/u.test(id))).toEqual([]);
    expect(ids).toContain("start-service:api");
  });

  it.each(["errored", "waiting-restart", "launching", "stopping"] as const)(
    "starts again what is %s",
    (status) => {
      const services = [aService("api", { status, pid: 0 })];

      expect(stepIds({ services })).toContain("start-service:api");
    },
  );

  it("starts a one-shot service that the bad release ended, if it ran at the capture", () => {
    const over = { status: "stopped", pid: 0, autorestart: false } as const;
    const idle = { ...TARGET, services: [{ name: "api", instances: 0 }] };

    expect(stepIds({ services: [aService("api", over)] })).toContain("start-service:api");
    expect(stepIds({ services: [aService("api", over)], target: idle })).not.toContain(
      "start-service:api",
    );
  });

  it("stops, and does not start, a service that the target did not have", () => {
    const identity = { ...TARGET.identity, definitions: { api: null } };

    const ids = stepIds({ target: { ...TARGET, identity } });

    expect(ids).toContain("stop-service:api");
    expect(ids).not.toContain("start-service:api");
  });

  it("stops for good, and says so, a service that came with the bad release", () => {
    const identity = { ...TARGET.identity, definitions: { importer: "2", cleaner: "3" } };
    const services = TARGET.services.filter(({ name }) => name !== "api");

    const { steps } = makePlan(anInput({ target: { ...TARGET, identity, services } }));

    expect(steps.map(({ id }) => id)).not.toContain("start-service:api");
    expect(steps.find(({ id }) => id === "stop-service:api")).toMatchObject({
      text: "stop api (api for good: rel-good has no such service)",
    });
    expect(steps.find(({ id }) => id === "prove-identity")).toMatchObject({
      services: ["importer"],
    });
  });

  it("starts a service whose definition could not be read at the capture", () => {
    const { definitions: _, ...identity } = TARGET.identity;

    expect(stepIds({ target: { ...TARGET, identity } })).toContain("start-service:api");
  });

  it.each([
    // the definition is the captured one
    { name: "unchanged", from: "1", known: true, how: "restart" },
    // it changed: the captured one comes back
    { name: "changed", from: "9", known: true, how: "replace" },
    // pm2 lost the service
    { name: "unknown to pm2", from: null, known: false, how: "replace" },
    // nothing is known of it now: what pm2 holds is all there is
    { name: "not readable", from: undefined, known: true, how: "restart" },
  ])("starts a service whose definition is $name by $how", ({ from, known, how }) => {
    const definitions = from === undefined ? {} : { api: from };
    const services = known ? [aService("api")] : [];

    const plan = makePlan(anInput({ from: { definitions }, services }));

    expect(plan.steps.find(({ id }) => id === "start-service:api")).toMatchObject({ how });
  });

  it("expects the served id only when the service that serves it is started", () => {
    const stopped = aService("api", { status: "stopped", pid: 0 });

    expect(servedIn({})).toBe("good-1");
    expect(servedIn({ services: [stopped, aService("importer")] })).toBeNull();
  });

  it("does not point git where it stands or where there is none", () => {
    const target = { ...TARGET, identity: { ...TARGET.identity, commit: null } };

    expect(stepIds({ from: { commit: GOOD_COMMIT } })).not.toContain("point-git");
    expect(stepIds({ target })).not.toContain("point-git");
    expect(stepIds({ from: {} })).toContain("point-git");
  });

  it("stops all services in one step where none needs another to finish", () => {
    const input = anInput();
    const application = { ...input.application, stopTogether: true };

    const { steps } = makePlan({ ...input, application });

    const stops = steps.filter(({ kind }) => kind === "stop-service");
    expect(stops).toMatchObject([
      {
        services: ["cleaner", "importer", "api"],
        phase: "act",
        text: "stop cleaner, importer, api",
      },
    ]);
  });

  it("gives a service the time it needs to finish its work", () => {
    const stop = makePlan(anInput()).steps.find(({ id }) => id === "stop-service:api");

    expect(stop).toMatchObject({ deadlineMs: 15_000 });
  });

  it.each([
    // pm2 waits longer than the configuration says
    { over: { killTimeoutMs: 40_000 }, stop: 50_000, start: 30_000 },
    // one that hangs at boot can be stopped only when pm2 gives up waiting
    { over: { waitReady: true, listenTimeoutMs: 60_000 }, stop: 75_000, start: 90_000 },
    // nobody waits for it
    { over: { waitReady: false, listenTimeoutMs: 60_000 }, stop: 15_000, start: 30_000 },
  ])("gives pm2 the time it takes itself: $over", ({ over, stop, start }) => {
    const { steps } = makePlan(anInput({ services: [aService("api", over)] }));

    const deadlines = ["stop", "start"].map(
      (verb) => steps.find(({ id }) => id === `${verb}-service:api`)?.["deadlineMs"],
    );
    expect(deadlines).toEqual([stop, start]);
  });
});
