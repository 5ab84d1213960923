import type { ServiceSettings } from "../model/application.ts";
import type { Release } from "../model/release.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import type { PlanInput } from "./plan-input.ts";

/** What a plan does with one service. */
export interface ServiceWork {
  readonly settings: ServiceSettings;
  /** Processes that pm2 has of it now; it is stopped when there are any. */
  readonly processes: number;
  /** How long ending all of them may take. */
  readonly stopMs: number;
  /** How long they may take until pm2 calls them online. */
  readonly bootMs: number;
  readonly starts: boolean;
  readonly how: "restart" | "replace";
}

/**
 * The services that the plan touches, in the order of starting. Each returns to the state it was in: what a person
 * stopped stays stopped, and what the target did not have is stopped and not started: its script may not even be there.
 */
export function serviceWorks(input: PlanInput): readonly ServiceWork[] {
  return input.application.services.flatMap((settings) => {
    const service = input.services.find((one) => one.name === settings.name);
    const present = service ?? { name: settings.name, instances: [] };
    const starts = isToStart(present, input);
    const processes = present.instances.length;
    const { stopMs, bootMs } = timesOf(settings, present);
    const how = processes > 0 && !isRedefined(settings.name, input) ? "restart" : "replace";
    return starts || isRunning(present)
      ? [{ settings, processes, stopMs, bootMs, starts, how }]
      : [];
  });
}

function isToStart(service: Service, { target }: PlanInput): boolean {
  if (!isOf(target, service.name)) {
    return false;
  }
  const captured = target.services.find((one) => one.name === service.name);
  const ran = captured !== undefined && captured.instances > 0;
  return isRunning(service) || (ran && !isStoppedByPerson(service));
}

/** Whether the target had the service. One that its manifest does not name at all came later. */
function isOf({ identity, services }: Release, name: string): boolean {
  const definition = identity.definitions?.[name];
  return definition === undefined ? services.some((one) => one.name === name) : definition !== null;
}

function isRedefined(name: string, { target, from }: PlanInput): boolean {
  const captured = target.identity.definitions?.[name];
  const present = from.definitions?.[name];
  return captured !== undefined && present !== undefined && captured !== present;
}

/** pm2 kills after its own time, and before it lets a process go that never says that it is ready, it waits for that. */
export function timesOf(
  { quiesce }: ServiceSettings,
  { instances }: Service,
): { readonly stopMs: number; readonly bootMs: number } {
  const boots = instances.map((one) => (one.waitReady ? one.listenTimeoutMs : 0));
  const ends = instances.map((one) => Math.max(quiesce, one.killTimeoutMs));
  const bootMs = sum(boots);
  return { bootMs, stopMs: bootMs + sum(ends) };
}

function sum(times: readonly number[]): number {
  let total = 0;
  for (const ms of times) {
    total += ms;
  }
  return total;
}

/** Whether pm2 keeps it going, also while it lies in a crash loop. */
export function isRunning(service: Service): boolean {
  return service.instances.some(({ status }) => status !== "stopped");
}
