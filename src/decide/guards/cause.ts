import { assertNever } from "../../model/assert-never.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether going back to an older release can cure the likely cause. */
export const cause: Guard = { id: "cause", check };

function check({ verdict }: BreachSituation): Opinion {
  const { cause: likely } = verdict.attribution;
  switch (likely) {
    case "release":
    case "configuration":
      return allow(`the likely cause is the ${likely}`);
    case "migration":
      return recommend("the likely cause is a migration: older code does not undo it");
    case "unknown":
      return recommend("the likely cause is unknown: a rollback may cure nothing");
    case "database":
    case "host":
    case "upstream":
    case "monitoring":
      return hold(`the likely cause is the ${likely}: no rollback cures that`);
    default:
      return assertNever(likely);
  }
}
