import { tellDuration } from "../../model/units.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the captured files of the target can be used right now. */
export const targetReady: Guard = { id: "target-ready", check };

function check({ target, now }: BreachSituation): Opinion {
  if (target.kind === "none") {
    return hold("there is no target whose files could be ready");
  }
  const { release, readiness } = target;
  return readiness.kind === "ready"
    ? allow(
        `${release.id} was checked against its hashes ${tellDuration(Math.max(now - readiness.checkedAt, 0))} ago`,
      )
    : recommend(`${release.id} is not ready: ${readiness.problems.join("; ")}`);
}
