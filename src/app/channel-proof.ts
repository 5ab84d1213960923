import { channelProof } from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";

/** Time between two looks, in milliseconds. */
const LOOK_MS = 60_000;
/** Where no calendar says when people are at work a day's proof is due at this hour, UTC; in milliseconds. */
const MORNING_MS = 9 * 60 * 60_000;

/** Has every channel prove each `notify.proof` that notices arrive, until the signal aborts; what one does not take others hear of. */
export async function keepProving(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { clock } = daemon.world;
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    prove(daemon, clock.now());
  }
}

function prove({ config, tell }: Daemon, now: number): void {
  const { channels, proof } = config.notify;
  // A log takes everything, and wakes nobody.
  const far = Object.entries(channels).filter(([, { kind }]) => kind !== "log");
  if (proof > 0 && far.length > 0) {
    const turn = Math.floor((now - MORNING_MS) / proof);
    const names = far.map(([name]) => name);
    tell(channelProof(config.application.name, { turn, everyMs: proof, channels: names }));
  }
}
