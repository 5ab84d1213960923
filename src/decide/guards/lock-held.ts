import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether this daemon is the one on the host that may act: no other rollwatch, and no deployment that asked. */
export const lockHeld: Guard = { id: "lock-held", check };

function check({ lockHeld: isHeld }: BreachSituation): Opinion {
  return isHeld ? allow("this daemon holds the lock") : hold("somebody else holds the lock");
}
