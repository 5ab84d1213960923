import { isBallastLaid, layBallast } from "../journal/ballast.ts";
import { messageOf } from "../model/failure.ts";
import { diskFull } from "../notify/notices-people.ts";
import type { Log } from "../system/log.ts";
import type { Daemon } from "./daemon.ts";

/** How often it is looked whether the ballast was given up. */
const LOOK_MS = 5000;

/** Lays it at the start. A disk that will not have it keeps nobody from watching. */
export function startBallast(state: string, log: Log): void {
  try {
    layBallast(state);
  } catch (error) {
    log.error({ error: messageOf(error) }, "the ballast could not be laid");
  }
}

/** Pages when the journal had to give its ballast up, and lays it again once there is room. Where none was laid at the start there is nothing to keep. */
export async function keepBallast(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { config, world, log } = daemon;
  const { state, application } = config;
  let isLaid = isBallastLaid(state);
  if (!isLaid) {
    return;
  }
  while (!signal.aborted) {
    const wasLaid = isLaid;
    isLaid = isBallastLaid(state);
    if (wasLaid && !isLaid) {
      log.error(
        { state },
        "the disk of the state folder is full: the journal has given up its ballast",
      );
      daemon.tell(diskFull(application.name, { state, now: world.clock.now() }));
    }
    startBallast(state, log);
    await world.clock.sleep(LOOK_MS, signal);
  }
}
