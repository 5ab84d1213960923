import { isStoppedByPerson } from "../../model/service.ts";
import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether a person stopped what the breach is about: a stop is a wish, not a fault. */
export const stoppedByPerson: Guard = { id: "stopped-by-person", check };

function check({ services, concerned }: BreachSituation): Opinion {
  const stopped = services.filter(isStoppedByPerson).map((service) => service.name);
  const explaining = stopped.filter((name) => concerned.includes(name));
  if (explaining.length > 0) {
    return hold(`a person stopped ${explaining.join(", ")}`);
  }
  if (stopped.length > 0 && stopped.length === services.length) {
    return hold(`a person stopped every service: ${stopped.join(", ")}`);
  }
  return allow(
    stopped.length === 0
      ? "no service was stopped by a person"
      : `stopped by a person, but not what the breach is about: ${stopped.join(", ")}`,
  );
}
