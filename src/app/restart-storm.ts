import { tellDuration } from "../model/units.ts";
import { elapsedSince, isBraked } from "../model/history.ts";
import { restartStorm } from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";

/**
 * Trusts itself no more when it was started after an unclean end once too often: what it did last may be what ends it. Asked
 * right after such a start was recorded.
 */
export function noteStorm(daemon: Daemon): void {
  const { journal, world, config, log } = daemon;
  const { starts, within, quiet } = config.policy.brakes.restartStorm;
  const history = journal.history();
  const { crashes = [], observing } = history;
  const now = world.clock.now();
  const recent = crashes.filter((at) => elapsedSince(history, at, now) <= within);
  const [first] = recent;
  const isOn = isBraked(observing, now);
  if (first === undefined || (recent.length <= starts && !isOn)) {
    return;
  }
  const until = now + quiet;
  const reason = `it ended uncleanly and was started again ${recent.length} times within ${tellDuration(within)}`;
  if (!isOn) {
    // Before the record: a kill in between tells it again, and not never.
    daemon.tell(restartStorm(config.application.name, { first, reason, until }));
  }
  journal.record({ kind: "observing-only", reason, until });
  log.error({ starts: recent.length, until }, "rollwatch only observes");
}
