import { blameWindowMsOf, tierOf } from "../decide/policy.ts";
import type { Breached } from "../decide/situation.ts";
import { attribute } from "../judge/cause.ts";
import type { Trigger } from "../model/trigger.ts";
import type { Daemon } from "./daemon.ts";

/** The parts of the daemon that a supposed breach is made from. */
export interface Supposer extends Pick<Daemon, "config" | "surroundings"> {
  readonly journal: Pick<Daemon["journal"], "history">;
}

/** A breach that no probe has seen: one that a person reported, or that a preview asks about. */
export function supposedBreach(daemon: Supposer, trigger: Trigger, since: number): Breached {
  const { config, journal, surroundings } = daemon;
  const attribution = attribute({
    breaches: [],
    since,
    changes: journal.history().changes,
    controls: surroundings.controls(),
    services: surroundings.services(),
    blameWindowMs: blameWindowMsOf(config.policy, trigger),
  });
  const tier = tierOf(config.policy, trigger);
  return { kind: "breached", trigger, tier, breaches: [], since, missing: [], attribution };
}
