import type { ServiceSettings } from "../model/application.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import type { PlanInput } from "./plan-input.ts";

/** What a plan does with one service. */
export interface ServiceWork {
  readonly settings: ServiceSettings;
  /** Processes that pm2 has of it now; it is stopped when there are any. */
  readonly processes: number;
  readonly starts: boolean;
  readonly how: "restart" | "replace";
}

/**
 * The services that the plan touches, in the order of starting. Each returns to the state it was in: what a person
 * stopped stays stopped, and what the target did not have is not started.
 */
export function serviceWorks(input: PlanInput): readonly ServiceWork[] {
  return input.application.services.flatMap((settings) => {
    const service = input.services.find((one) => one.name === settings.name);
    const present = service ?? { name: settings.name, instances: [] };
    const starts = isToStart(present, input);
    const processes = present.instances.length;
    const how = processes > 0 && !isRedefined(settings.name, input) ? "restart" : "replace";
    return starts || isRunning(present) ? [{ settings, processes, starts, how }] : [];
  });
}

function isToStart(service: Service, { target }: PlanInput): boolean {
  if (target.identity.definitions?.[service.name] === null) {
    return false;
  }
  const captured = target.services.find((one) => one.name === service.name);
  const ran = captured !== undefined && captured.instances > 0;
  return isRunning(service) || (ran && !isStoppedByPerson(service));
}

function isRedefined(name: string, { target, from }: PlanInput): boolean {
  const captured = target.identity.definitions?.[name];
  const present = from.definitions?.[name];
  return captured !== undefined && present !== undefined && captured !== present;
}

/** Whether pm2 keeps it going, also while it lies in a crash loop. */
function isRunning(service: Service): boolean {
  return service.instances.some(({ status }) => status !== "stopped");
}
