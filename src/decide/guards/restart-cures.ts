import { assertNever } from "../../model/assert-never.ts";
import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether a fresh process can cure the likely cause. */
export const restartCures: Guard = { id: "restart-cures", check };

function check({ verdict }: BreachSituation): Opinion {
  const { cause } = verdict.attribution;
  switch (cause) {
    case "unknown":
      return allow("no cause is known, and a fresh process has lost leaks and locks");
    case "release":
    case "configuration":
    case "migration":
      return hold(`the likely cause is the ${cause}: a restart starts it again`);
    case "database":
    case "host":
    case "upstream":
    case "monitoring":
      return hold(`the likely cause is the ${cause}: no restart cures that`);
    default:
      return assertNever(cause);
  }
}
