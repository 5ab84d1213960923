import type { ApplicationSettings, ServiceSettings } from "../model/application.ts";
import type { Plan } from "../model/plan.ts";
import type { Service } from "../model/service.ts";
import { withDependents } from "./dependents.ts";
import type { PlanInput } from "./plan-input.ts";
import { isRunning, timesOf } from "./service-work.ts";
import type { KnownStep } from "./steps/index.ts";

const START_MS = 30_000;
const STOP_MARGIN_MS = 10_000;
const STEADY_MS = 2000;
/** A signal that is asked every few seconds must have said so, too. */
const AWAIT_MS = 60_000;

/** Everything a plan that only restarts services is made from; nobody looks at a release for it. */
interface RestartInput extends Pick<
  PlanInput,
  "id" | "incident" | "requestedBy" | "now" | "deadline" | "configHash" | "from"
> {
  readonly application: ApplicationSettings;
  /** The configured services as pm2 has them now. */
  readonly services: readonly Service[];
  /** The services to restart, by name. */
  readonly names: readonly string[];
}

/**
 * The plan that restarts the named services in the order of starting, each once the ones that it is declared to come after are
 * well; what a person stopped stays stopped. Pure.
 */
export function makeRestartPlan(input: RestartInput): Plan {
  const { id, incident, from, now, deadline, configHash, requestedBy, names } = input;
  const restarted = input.application.services.filter((settings) => names.includes(settings.name));
  const steps: readonly KnownStep[] = restarted.flatMap((settings) => [
    ...restartStep(settings, input),
    ...(hasFollower(settings, restarted) ? awaitStep(settings, input) : []),
  ]);
  return {
    id,
    incident,
    scope: "service",
    target: null,
    from,
    createdAt: now,
    deadline,
    configHash,
    requestedBy,
    steps: [...steps],
  };
}

/** Whether one of the restarted services waits for it. */
function hasFollower({ name }: ServiceSettings, restarted: readonly ServiceSettings[]): boolean {
  return withDependents(restarted, [name]).length > 1;
}

/** Nothing is waited for where nothing was restarted. */
function awaitStep(
  { name, boot }: ServiceSettings,
  { services }: RestartInput,
): readonly KnownStep[] {
  const service = services.find((one) => one.name === name);
  return service === undefined || !isRunning(service)
    ? []
    : [
        {
          id: `await-service:${name}`,
          kind: "await-service",
          phase: "act",
          text: `wait until ${name} is well`,
          deadlineMs: AWAIT_MS + boot,
          service: name,
          steadyMs: STEADY_MS,
        },
      ];
}

function restartStep(
  settings: ServiceSettings,
  { services, now, deadline }: RestartInput,
): readonly KnownStep[] {
  const { name, boot } = settings;
  const service = services.find((one) => one.name === name);
  if (service === undefined || !isRunning(service)) {
    return [];
  }
  const { stopMs, bootMs } = timesOf(settings, service);
  const neededMs = stopMs + STOP_MARGIN_MS + START_MS * service.instances.length + bootMs + boot;
  return [
    {
      id: `restart-service:${name}`,
      kind: "restart-service",
      phase: "act",
      text: `restart ${name} (pid ${service.instances.map((one) => one.pid).join(", ")})`,
      // A restart may use a small part of the budget only; a plan made too late still has the time of one start.
      deadlineMs: Math.min(neededMs, Math.max(deadline - now, START_MS)),
      service: name,
    },
  ];
}
