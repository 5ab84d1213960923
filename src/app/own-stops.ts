import type { History } from "../model/history.ts";
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
  const last = history.recoveries.findLast((one) => one.ended?.result !== "cancelled");
  if (last === undefined || last.ended?.result === "completed" || !isStoppedByPerson(service)) {
    return false;
  }
  const stop = last.plan.steps.find(
    (step) => step.kind === "stop-service" && namesOf(step).includes(service.name),
  );
  const stoppedAt = last.steps.find((record) => record.step === stop?.id)?.startedAt;
  return stoppedAt !== undefined && service.instances.every((one) => one.startedAt <= stoppedAt);
}

function namesOf(step: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { services } = step;
  return Array.isArray(services) ? services : [];
}
