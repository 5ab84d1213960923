import type { Control, ControlName } from "../../model/control.ts";
import { tellDuration } from "../../model/units.ts";
import { allow, elapsedSince, holdForNow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

const MUST_ANSWER: readonly ControlName[] = ["loopback", "event-loop", "disk", "pm2"];

/** Whether everything but the application answers well; the database may be unconfigured, the others must be green. */
export const controlsGreen: Guard = { id: "controls-green", check };

/** Who cannot trust his own eyes for this long did not just blink. */
const NO_BLINK_MS = 15_000;
/** What was seen in that time must still be there so long after it: the newest windows are then measured with a clear eye. */
const SEEN_AGAIN_MS = 60_000;
const OWN: ReadonlySet<ControlName> = new Set(["loopback", "event-loop"]);

function check(situation: BreachSituation): Opinion {
  const { controls } = situation;
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
  const blinded = controls.find((one) => OWN.has(one.name) && wasBlinded(one, situation));
  if (blinded?.outage !== undefined) {
    const ago = tellDuration(elapsedSince(situation, blinded.outage.until));
    return holdForNow(
      `the breach began while control ${blinded.name} was red, until ${ago} ago: it must outlast that by ${tellDuration(SEEN_AGAIN_MS)}`,
    );
  }
  const green = controls.filter((one) => one.state === "green").map((one) => one.name);
  return allow(`green: ${green.join(", ")}`);
}

/** Whether the breach was first seen in a time in which rollwatch itself was in trouble, and that is just over. */
function wasBlinded({ outage }: Control, situation: BreachSituation): boolean {
  return (
    outage !== undefined &&
    outage.until - outage.from >= NO_BLINK_MS &&
    situation.verdict.since >= outage.from - NO_BLINK_MS &&
    situation.verdict.since <= outage.until &&
    elapsedSince(situation, outage.until) < SEEN_AGAIN_MS
  );
}
