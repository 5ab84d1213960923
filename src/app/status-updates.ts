import { type History, type Incident, isBraked, openIncident } from "../model/history.ts";
import { statusUpdate } from "../notify/notices-update.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { newsOf } from "./follow.ts";
import { lastRollbackMs } from "./incident.ts";

/** Longest wait for the next look: an incident may have been opened, or the clock set, in between; in milliseconds. */
const LOOK_MS = 10_000;

/** Tells people how an open incident stands whenever they have heard nothing for `notify.updates`, until the signal aborts. */
export async function keepUpdating(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { clock } = daemon.world;
  while (!signal.aborted) {
    // First: after a start there may be news to tell, which is more than how things stood.
    await clock.sleep(LOOK_MS, signal);
    tellDue(daemon);
  }
}

/**
 * Since when people have heard nothing of the open incident; undefined while nobody waits for an update. Those for whom nothing is to be done,
 * who work on the application themselves, or whose matter waits for the morning, do not.
 */
export function unheardSince(
  history: History,
  now: number,
): { readonly incident: Incident; readonly at: number } | undefined {
  const incident = openIncident(history);
  if (incident === undefined || incident.tier === "planned" || isBraked(history.maintenance, now)) {
    return undefined;
  }
  const isMuted = incident.mode === "off" || incident.mode === "shadow";
  return isMuted ? undefined : { incident, at: incident.toldAt ?? incident.openedAt };
}

function tellDue(daemon: Daemon): void {
  const { journal, config, world } = daemon;
  const everyMs = config.notify.updates;
  const history = journal.history();
  const now = world.clock.now();
  const unheard = unheardSince(history, now);
  if (unheard === undefined || everyMs === 0) {
    return;
  }
  const { incident, at } = unheard;
  if (now - at < everyMs) {
    return;
  }
  const recovery = history.recoveries.findLast(({ plan }) => plan.incident === incident.id);
  const expectedMs = lastRollbackMs(history, recovery?.plan.scope);
  const standing = { signals: signalsNow(daemon), expectedMs, after: at, everyMs };
  daemon.tell(
    statusUpdate(newsOf(daemon, incident), {
      ...standing,
      ...(recovery === undefined ? {} : { recovery }),
    }),
  );
}
