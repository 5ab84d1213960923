import type { ControlName } from "../model/control.ts";
import { elapsedAtMost, recoveryState, type Incident, type Recovery } from "../model/history.ts";
import { tellDuration } from "../model/units.ts";
import { askAgain, type Asked } from "./ask-again.ts";
import type { Daemon } from "./daemon.ts";
import { incidentOf } from "./planned.ts";

/** A recovery that stood still this long is not begun, and in its middle not gone on with, unasked. */
export const MAX_AWAY_MS: number = 15 * 60_000;

/** Controls that doubt rollwatch's own eyes, and how long they are asked again. */
const OWN_EYES: ReadonlySet<ControlName> = new Set(["event-loop", "loopback"]);
const DOUBT_MS = 5000;
const LOOK_AGAIN_MS = 500;

/** Who is behind a plan: rollwatch's own policy, people who approved what it recommended, or one who asked for it. */
export function authorityOf({ plan, approval }: Recovery): "policy" | "approved" | "person" {
  if (plan.requestedBy !== "policy") {
    return "person";
  }
  return approval === undefined || approval.unopposedAt !== undefined ? "policy" : "approved";
}

/** An approval may be old: before the first step of a plan that people are behind, every guard is asked again. */
export async function whyNotToBegin(
  daemon: Daemon,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<string | undefined> {
  const authority = authorityOf(recovery);
  const state = recoveryState(recovery);
  if (authority === "policy" || (state !== "free" && state !== "approved")) {
    return undefined;
  }
  const { plan } = recovery;
  const incident = incidentOf(daemon, plan);
  const stale = whyStale(daemon, recovery, incident);
  if (stale !== undefined) {
    return stale;
  }
  const services = plan.steps
    .filter((step) => step.kind === "restart-service")
    .map((step) => step.id.replace("restart-service:", ""));
  const asked = { plan, incident, authority, services, lockHeld: true };
  const reasons = await reasonsAgainst(daemon, asked, signal);
  return reasons.length === 0 ? undefined : reasons.join("; ");
}

/** A stall of rollwatch itself passes within a moment: people's word is not thrown away for it. */
async function reasonsAgainst(
  daemon: Daemon,
  asked: Asked,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { world, surroundings } = daemon;
  const until = world.clock.monotonic() + DOUBT_MS;
  for (;;) {
    await surroundings.lookAtAll(signal);
    const { reasons } = await askAgain(daemon, asked, signal);
    const isInDoubt = surroundings
      .controls()
      .some(({ name, state }) => OWN_EYES.has(name) && state === "red");
    if (reasons.length === 0 || !isInDoubt || world.clock.monotonic() >= until) {
      return reasons;
    }
    await world.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

/** Why people's word is not about this moment any more; undefined when it is. */
function whyStale(
  { journal, world }: Daemon,
  { plan, approval }: Recovery,
  { graverAt = 0, trigger }: Incident,
): string | undefined {
  const asked = approval?.given.at(-1)?.at ?? plan.createdAt;
  const idle = elapsedAtMost(journal.history(), asked, world.clock.now());
  if (idle > MAX_AWAY_MS) {
    return `it was asked for ${tellDuration(idle)} ago, and rollwatch was away since`;
  }
  return approval !== undefined && graverAt > approval.askedAt
    ? `it is ${trigger} by now: that is another question`
    : undefined;
}
