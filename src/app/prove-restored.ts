import type { Recovery } from "../model/history.ts";
import type { Sample } from "../model/sample.ts";
import type { Identity } from "../model/identity.ts";
import type { Plan } from "../model/plan.ts";
import type { Release } from "../model/release.ts";
import type { Service } from "../model/service.ts";
import type { Check, Verification } from "../model/verification.ts";
import { passedOver, switchedAt } from "../recover/next-step.ts";
import { compareIdentity, observeIdentity } from "../release/ledger.ts";
import { judgeAfresh } from "../verify/fresh.ts";
import { verify } from "../verify/verify.ts";
import type { Daemon } from "./daemon.ts";

/** Verifies a restored release with samples taken since its services were started. */
export async function proveRestored(
  daemon: Daemon,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<Verification> {
  const { world, config, observatory } = daemon;
  const started = startedServices(recovery.plan);
  // What answers for a service that a person had stopped before stays silent, and says nothing of the release.
  const rules = daemon.rules.filter(({ service }) => service === undefined || started.has(service));
  const samples: Sample[] = [];
  const stop = observatory.onSample((sample) => samples.push(sample));
  const from = switchedAt(recovery);
  try {
    return await verify(
      {
        clock: world.clock,
        settings: config.verify,
        signals: () =>
          judgeAfresh({
            rules,
            samples,
            from,
            settleMs: config.verify.settle,
            now: world.clock.now(),
          }),
        identityChecks: async (deadline) => identityChecks(daemon, recovery, deadline),
      },
      signal,
    );
  } finally {
    stop();
  }
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
  const isGitLeft = passedOver({ plan, ...recovery }).some((line) => line.startsWith("point-git"));
  const kept = new Set((plan.kept ?? []).map((file) => file.path));
  const configFiles = Object.entries(target.identity.configFiles ?? {});
  const definitions = Object.entries(target.identity.definitions ?? {});
  const started = startedServices(plan);
  const { commit, ...unnamed } = target.identity;
  const wanted = {
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
    ? `${started.size} restored services are online`
    : `not online: ${down.map((service) => service.name).join(", ")}`;
  return { name: "services", passed, detail };
}

/** Services that run by now; destructive ones start after the verification, others were stopped by a person before. */
function startedServices(plan: Plan): ReadonlySet<string> {
  return new Set(
    plan.steps
      .filter((step) => step.kind === "start-service" && step.phase === "act")
      .map((step) => step.id.replace("start-service:", "")),
  );
}

function isOnline(instances: Service["instances"]): boolean {
  return instances.length > 0 && instances.every((one) => one.status === "online");
}
