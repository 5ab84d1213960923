import type { Readiness } from "../api/routes.ts";
import { openRecovery } from "../model/history.ts";
import { tellDuration } from "../model/units.ts";
import type { Daemon } from "./daemon.ts";

/** A loop that has not turned for this long hangs; a recovery may take longer, and is watched by its own deadlines. */
const LONGEST_TURN_MS = 30_000;

/** What `/readyz` answers: whether rollwatch watches, or what keeps it from that. `lastTurnAt` is on the monotonic clock. */
export function readinessOf(
  daemon: Pick<Daemon, "observatory" | "surroundings" | "journal" | "world">,
  lastTurnAt: number | undefined,
): Readiness {
  const { observatory, surroundings, journal, world } = daemon;
  const isRecovering = openRecovery(journal.history()) !== undefined;
  const ageMs = lastTurnAt === undefined ? 0 : world.clock.monotonic() - lastTurnAt;
  const reasons = [
    ...(lastTurnAt === undefined ? ["the first turn is not over"] : []),
    ...(ageMs > LONGEST_TURN_MS && !isRecovering
      ? [`the loop has not turned for ${tellDuration(ageMs)}`]
      : []),
    ...(observatory.isComplete() ? [] : ["not every signal was sampled yet"]),
    ...(surroundings.daemon()?.kind === "alive" ? [] : ["the application's pm2 does not answer"]),
  ];
  return reasons.length === 0 ? { kind: "ready" } : { kind: "not-ready", reasons };
}
