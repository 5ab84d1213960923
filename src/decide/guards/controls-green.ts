import type { ControlName } from "../../model/control.ts";
import { allow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

const MUST_ANSWER: readonly ControlName[] = ["loopback", "event-loop", "disk", "pm2"];

/** Whether everything but the application answers well; the database may be unconfigured, the others must be green. */
export const controlsGreen: Guard = { id: "controls-green", check };

function check({ controls }: BreachSituation): Opinion {
  const states = new Map(controls.map((one) => [one.name, one]));
  // A database that the application itself has filled does not speak for the release that does so.
  const red = controls.filter((one) => one.state === "red" && one.takenBy !== "application");
  if (red.length > 0) {
    return recommend(red.map((one) => `control ${one.name} is red: ${one.detail}`).join("; "));
  }
  const unanswered = MUST_ANSWER.filter((name) => states.get(name)?.state !== "green");
  if (unanswered.length > 0) {
    return recommend(`no answer yet from control ${unanswered.join(", ")}`);
  }
  const green = controls.filter((one) => one.state === "green").map((one) => one.name);
  return allow(`green: ${green.join(", ")}`);
}
