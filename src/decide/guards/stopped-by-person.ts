import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether a person stopped what the breach is about: a stop is a wish, not a fault. */
export const stoppedByPerson: Guard = { id: "stopped-by-person", check };

function check({ services, stopped, concerned, unattributed }: BreachSituation): Opinion {
  const explaining = stopped.filter((name) => concerned.includes(name));
  if (explaining.length > 0) {
    return hold(`a person stopped ${explaining.join(", ")}`);
  }
  if (stopped.length > 0 && stopped.length === services.length) {
    return hold(`a person stopped every service: ${stopped.join(", ")}`);
  }
  if (stopped.length > 0 && unattributed.length > 0) {
    return recommend(
      `a person stopped ${stopped.join(", ")}, and nobody knows which service answers ${unattributed.join(", ")}`,
    );
  }
  return allow(
    stopped.length === 0
      ? "no service was stopped by a person"
      : `stopped by a person, but not what the breach is about: ${stopped.join(", ")}`,
  );
}
