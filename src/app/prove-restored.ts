import { modeOf, tierOf, type PolicySettings } from "../decide/policy.ts";
import type { Health } from "../model/health.ts";
import type { History, Incident, Recovery } from "../model/history.ts";
import { isSameRelease, type Identity } from "../model/identity.ts";
import { changesDatabase, type Plan, type StepDescriptor } from "../model/plan.ts";
import type { Release } from "../model/release.ts";
import type { Sample } from "../model/sample.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import type { SignalRule } from "../model/signal.ts";
import type { Check, Verification } from "../model/verification.ts";
import { passedOver, switchedAt } from "../recover/next-step.ts";
import { compareIdentity, observeIdentity } from "../release/ledger.ts";
import { judgeAfresh } from "../verify/fresh.ts";
import { openHealthRounds } from "../verify/health-rounds.ts";
import { verify } from "../verify/verify.ts";
import { checkConfiguration } from "./check-configuration.ts";
import type { Daemon } from "./daemon.ts";
import { openHealthLooks } from "./health.ts";

/** Verifies what a recovery restored or restarted, with samples taken since its services were started. */
export async function proveRestored(
  daemon: Daemon,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<Verification> {
  const { world, config, observatory } = daemon;
  const started = startedServices(recovery.plan);
  // What answers for a service that a person had stopped before stays silent, and says nothing of the release.
  const rules = rulesFor(daemon, recovery.plan, started);
  const samples: Sample[] = [];
  const stop = observatory.onSample((sample) => samples.push(sample));
  const from = startedAt(recovery);
  const { settle: settleMs } = config.verify;
  const health = openHealthRounds({
    clock: world.clock,
    settings: config.verify,
    baseline: baselineOf(daemon.journal.history(), recovery.plan),
    from,
    take: openHealthLooks(daemon, started),
  });
  try {
    return await verify(
      {
        clock: world.clock,
        settings: config.verify,
        signals: () => judgeAfresh({ rules, samples, from, settleMs, now: world.clock.now() }),
        identityChecks: async (deadline) =>
          recovery.plan.target === null
            ? restartChecks(daemon, recovery, deadline)
            : identityChecks(daemon, recovery, deadline),
        health,
      },
      signal,
    );
  } finally {
    stop();
  }
}

/** Whether the services that it does not start go on as they were: restarts, and configuration, concern only some. */
function leavesOthers({ target, scope }: Plan): boolean {
  return target === null || scope === "configuration";
}

/** A rollback stopped everything: what it did not start again stays silent. */
function rulesFor(
  { rules, surroundings, config, journal }: Daemon,
  plan: Plan,
  started: ReadonlySet<string>,
): readonly SignalRule[] {
  const stopped = new Set(
    surroundings
      .services()
      .filter(isStoppedByPerson)
      .map((service) => service.name),
  );
  const { settle, steady, timeout } = config.verify;
  const incident = journal.history().incidents.find((one) => one.id === plan.incident);
  const accused = incident?.signals;
  const asked = rules.filter(
    ({ name, service, evidence, intervalMs }) =>
      // One that is asked too seldom to be heard says nothing either; the breach itself must be seen to end.
      (intervalMs <= timeout - settle - steady || accused?.includes(name) === true) &&
      // What other programs tell lags by minutes, and would hold the sick release against the restored one.
      evidence === "probe" &&
      (service === undefined ||
        (leavesOthers(plan) ? !stopped.has(service) : started.has(service))),
  );
  const deciding = asked.filter((rule) => speaksFor(config.policy, incident, rule));
  return deciding.length > 0 ? deciding : asked;
}

/**
 * Whether a signal says anything about what was restored: one of what it was restored for, one that could have it rolled back
 * again, and whether the application is up at all. A late heartbeat or a new advisory may last on beside a good release.
 */
function speaksFor(
  policy: PolicySettings,
  incident: Incident | undefined,
  { name, trigger }: SignalRule,
): boolean {
  return (
    incident === undefined ||
    trigger === incident.trigger ||
    trigger === "system-down" ||
    modeOf(policy, trigger) === "auto" ||
    (incident.signals.includes(name) && tierOf(policy, trigger) !== "planned")
  );
}

/** From when on what is seen is of the new processes. */
function startedAt(recovery: Recovery): number {
  const { plan, steps, plannedAt } = recovery;
  if (!leavesOthers(plan)) {
    return switchedAt(recovery);
  }
  const restarts = new Set(plan.steps.filter(isStart).map((step) => step.id));
  const ends = steps
    .filter((record) => restarts.has(record.step))
    .map((record) => record.finishedAt ?? record.startedAt);
  return Math.max(plannedAt, ...ends);
}

/** How the release that runs now was when it was proven. */
function baselineOf(history: History, plan: Plan): Health | undefined {
  const { releases, identity } = history;
  const release =
    plan.target === null
      ? releases.findLast(
          (one) => identity !== undefined && isSameRelease(one.identity, identity.value),
        )
      : releases.find((one) => one.id === plan.target);
  return release?.baseline;
}

/** Whether the restarted services run, as processes that were started for this plan. */
async function restartChecks(
  { surroundings }: Daemon,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  await surroundings.lookAtServices(signal);
  const { plan } = recovery;
  const begun = switchedAt(recovery);
  const started = startedServices(plan);
  const old = surroundings
    .services()
    .filter((service) => started.has(service.name))
    .filter(({ instances }) => instances.some((one) => one.startedAt < begun));
  const passed = old.length === 0;
  const detail = passed
    ? `${started.size} services were started since the recovery began`
    : `still the old process: ${old.map((service) => service.name).join(", ")}`;
  return [{ name: "restarted", passed, detail }, checkServices(plan, surroundings.services())];
}

/** Whether what is installed and what is served is the target, and whether its services run. */
async function identityChecks(
  daemon: Daemon,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const { world, config, catalogue, surroundings } = daemon;
  const { plan } = recovery;
  const target = await catalogue.get(plan.target ?? "");
  const [identity] = await Promise.all([
    observeIdentity(world, config.application, signal),
    surroundings.lookAtServices(signal),
  ]);
  if (plan.scope === "configuration") {
    const started = checkServices(plan, surroundings.services());
    return [checkConfiguration(plan, target, identity), started];
  }
  const { releaseIdFrom, serving, services } = config.application;
  const server = serving ?? services[0]?.name ?? "";
  const isServed =
    releaseIdFrom !== undefined &&
    startedServices(plan).has(server) &&
    target.identity.served !== undefined;
  return [
    checkInstalled(recovery, target, identity),
    ...(isServed ? [checkServed(target, identity)] : []),
    checkServices(plan, surroundings.services()),
  ];
}

function checkInstalled(
  { plan, ...recovery }: Recovery,
  target: Release,
  identity: Identity,
): Check {
  const isLeftOut =
    plan.from.commit !== target.identity.commit &&
    !plan.steps.some((one) => one.kind === "point-git");
  const isGitLeft =
    isLeftOut || passedOver({ plan, ...recovery }).some((line) => line.startsWith("point-git"));
  const kept = new Set((plan.kept ?? []).map((file) => file.path));
  const configFiles = Object.entries(target.identity.configFiles ?? {});
  const definitions = Object.entries(target.identity.definitions ?? {});
  const started = startedServices(plan);
  const { commit, schema: _then, ...unnamed } = target.identity;
  const schema = schemaAfter(plan, target);
  const wanted = {
    ...(schema === undefined ? {} : { schema }),
    // git only names what is installed: where pointing it was passed over, that is told as left undone.
    ...(isGitLeft ? unnamed : { ...unnamed, ...(commit === undefined ? {} : { commit }) }),
    configFiles: Object.fromEntries(configFiles.filter(([path]) => !kept.has(path))),
    definitions: Object.fromEntries(definitions.filter(([name]) => started.has(name))),
  };
  const { parts, summary } = compareIdentity(wanted, identity);
  const passed = parts.length === 0;
  const detail = passed
    ? `${target.id} in every known part`
    : `differs from ${target.id}: ${summary.join("; ")}`;
  return { name: "installed release", passed, detail };
}

/** The schema's revision that a recovery leaves: where only files and processes go back, the database stays as it was, and people were asked about that. */
export function schemaAfter(
  { scope, from, aside }: Plan,
  { identity }: Release,
): Identity["schema"] {
  // A kept database has the schema that it had, which is looked at before it is put back.
  if (aside !== undefined) {
    return undefined;
  }
  return changesDatabase(scope) ? identity.schema : from.schema;
}

function checkServed(target: Release, identity: Identity): Check {
  const expected = target.identity.served;
  const passed = identity.served !== undefined && identity.served === expected;
  const detail = `the application serves ${identity.served ?? "no release id"}, expected ${expected ?? "none"}`;
  return { name: "served release", passed, detail };
}

function checkServices(plan: Plan, services: readonly Service[]): Check {
  const started = startedServices(plan);
  const down = services
    .filter((service) => started.has(service.name))
    .filter(({ instances }) => !isOnline(instances));
  const passed = down.length === 0;
  const detail = passed
    ? `${started.size} services are online`
    : `not online: ${down.map((service) => service.name).join(", ")}`;
  return { name: "services", passed, detail };
}

/** Services that run by now; destructive ones start after the verification, others were stopped by a person before. */
function startedServices(plan: Plan): ReadonlySet<string> {
  return new Set(
    plan.steps
      .filter((step) => step.phase === "act" && isStart(step))
      .map((step) => step.id.replace(`${step.kind}:`, "")),
  );
}

function isStart({ kind }: StepDescriptor): boolean {
  return kind === "start-service" || kind === "restart-service";
}

function isOnline(instances: Service["instances"]): boolean {
  return instances.length > 0 && instances.every((one) => one.status === "online");
}
