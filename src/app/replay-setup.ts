import { ruleOf } from "../config/rule.ts";
import type { ConfigFile } from "../config/schema.ts";
import type { SignalRule } from "../model/signal.ts";
import type { TimeEvent } from "../observe/time-watch.ts";
import type { Watching } from "../replay/replay.ts";
import type { ReplaySetup } from "../replay/situation.ts";
import { openObservatory } from "./observatory.ts";

/** A configuration as recorded samples are judged by it. */
export function replaySetup({
  application,
  signals,
  policy,
}: Pick<ConfigFile, "application" | "signals" | "policy">): ReplaySetup {
  return {
    rules: signals.map((one) => ruleOf(one, application)),
    asking: new Set(signals.filter((one) => "url" in one.probe).map((one) => one.name)),
    policy,
    work: application.services,
  };
}

/** The signals' memory of the daemon; what happened to time is told by the recording. */
export function replayWatching(rules: readonly SignalRule[]): Watching {
  let untold: readonly TimeEvent[] = [];
  function look(): readonly TimeEvent[] {
    const events = untold;
    untold = [];
    return events;
  }
  const help = { look, time: { look } };
  const observatory = openObservatory(rules, help);
  return {
    ...observatory,
    doubt: (event) => {
      untold = [...untold, event];
    },
  };
}
