import { assertNever } from "../../model/assert-never.ts";
import type { Control } from "../../model/control.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether going back to an older release can cure the likely cause. */
export const cause: Guard = { id: "cause", check };

function check({ verdict, controls }: BreachSituation): Opinion {
  const { cause: likely } = verdict.attribution;
  switch (likely) {
    case "release":
      // What watches lies beside the application: older code of that starts no Prometheus.
      return verdict.trigger === "monitoring-broken"
        ? recommend("what should watch does not: seldom the doing of a release")
        : allow("the likely cause is the release");
    case "configuration":
      return allow("the likely cause is the configuration");
    case "migration":
      return recommend("the likely cause is a migration: older code does not undo it");
    case "unknown":
      return recommend("the likely cause is unknown: a rollback may cure nothing");
    case "database":
    case "host":
    case "upstream":
    case "monitoring":
      return hold(`the likely cause is the ${likely}: no rollback cures that${told(controls)}`);
    default:
      return assertNever(likely);
  }
}

/** What the red controls say, so that the page names the dead upstream. */
function told(controls: readonly Control[]): string {
  const red = controls.filter((one) => one.state === "red").map((one) => one.detail);
  return red.length === 0 ? "" : ` (${red.join("; ")})`;
}
