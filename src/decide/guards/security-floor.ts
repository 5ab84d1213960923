import { floorAbove } from "../../model/security-floor.ts";
import { tellTime } from "../../model/units.ts";
import type { BreachSituation } from "../situation.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";

/** Most advisories that are told. */
const MOST_TOLD = 3;

/** Whether going back opens no hole that was closed: the target lies not below a security floor, and brings back no critical advisory. */
export const securityFloor: Guard = { id: "security-floor", check };

function check({ target, history, advisories }: BreachSituation): Opinion {
  if (target.kind === "none") {
    return hold("there is no target that could lie below a security floor");
  }
  const { release } = target;
  const floor = floorAbove(history, release);
  if (floor !== undefined) {
    return recommend(
      `${release.id} is older than ${floor.release}, which ${floor.by} marked as a security floor at ${tellTime(floor.at)}: ${floor.reason}`,
    );
  }
  const above = `${release.id} is below no security floor`;
  if (advisories === undefined || advisories.kind === "unknown") {
    const why = advisories?.reason ?? "nobody looked";
    return allow(`${above}; whether it brings critical advisories back is not known: ${why}`);
  }
  const { added } = advisories;
  if (added.length === 0) {
    return allow(`${above}, and has no critical advisory that what runs has not`);
  }
  const more = added.length > MOST_TOLD ? `; and ${added.length - MOST_TOLD} more` : "";
  return recommend(
    `${release.id} has critical advisories that what runs has not: ${added.slice(0, MOST_TOLD).join("; ")}${more}`,
  );
}
