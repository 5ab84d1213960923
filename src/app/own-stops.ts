import type { History, Recovery } from "../model/history.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";

/**
 * The services that a person stopped. Those that a recovery stopped and could not start again are not among them: they
 * are as it left them while none of their processes was started after that. Pure.
 */
export function stoppedByPeople(
  services: readonly Service[],
  history: History,
): readonly Service[] {
  return services.filter(isStoppedByPerson).filter((service) => !isOurStop(service, history));
}

/** Whether a service stands still because of rollwatch. */
export function isOurStop(service: Service, history: History): boolean {
  // A plan that waits, or has stopped nothing yet, takes nothing back of what an earlier one left.
  const last = history.recoveries.findLast(
    (one) => stopOf(one, service.name) !== undefined || isWhole(one),
  );
  const stoppedAt = last === undefined ? undefined : stopOf(last, service.name);
  if (last === undefined || stoppedAt === undefined || isWhole(last)) {
    return false;
  }
  return isStoppedByPerson(service) && service.instances.every((one) => one.startedAt <= stoppedAt);
}

/** Whether a rollback came to its good end: what stands still then does not because of it. */
function isWhole({ plan, ended }: Recovery): boolean {
  return plan.scope !== "service" && ended?.result === "completed";
}

/** When the recovery began to stop the service; undefined when it did not. */
function stopOf({ plan, steps }: Recovery, service: string): number | undefined {
  const stop = plan.steps.find(
    (step) => step.kind === "stop-service" && namesOf(step).includes(service),
  );
  return steps.find((record) => record.step === stop?.id)?.startedAt;
}

function namesOf(step: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { services } = step;
  return Array.isArray(services) ? services : [];
}
