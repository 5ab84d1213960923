import { allow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the breach rests on more than what others say. */
export const evidence: Guard = { id: "evidence", check };

function check({ evidence: kinds }: BreachSituation): Opinion {
  return kinds.includes("probe")
    ? allow("rollwatch's own probes measured the breach")
    : recommend(
        `the breach rests on ${kinds.length === 0 ? "nothing" : `${kinds.join(" and ")} alone`}`,
      );
}
