import type { Pm2Daemon } from "../model/service.ts";
import { pm2Unwell } from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";

/** A pm2 that is updated or resurrected is away for seconds; one that is away for longer needs a person. */
const UNWELL_MS = 60_000;

/**
 * Pages when the application's pm2 daemon has been dead, hung or doubled for a minute, once for each time. The services often run on
 * without it and every signal is good, but nothing would start them again, and nothing could be rolled back.
 */
export function openPm2Teller(daemon: Daemon): () => void {
  const { world, surroundings, config } = daemon;
  let since:
    | { readonly kind: Pm2Daemon["kind"]; readonly at: number; readonly ms: number }
    | undefined;
  return () => {
    const pm2 = surroundings.daemon();
    if (pm2 === undefined || pm2.kind === "alive") {
      since = undefined;
      return;
    }
    const ms = world.clock.monotonic();
    since = since?.kind === pm2.kind ? since : { kind: pm2.kind, at: world.clock.now(), ms };
    if (ms - since.ms >= UNWELL_MS) {
      daemon.tell(pm2Unwell(config.application.name, pm2, since.at));
    }
  };
}
