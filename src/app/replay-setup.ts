import { ruleOf } from "../config/rule.ts";
import type { ConfigFile } from "../config/schema.ts";
import type { Change } from "../model/identity.ts";
import type { TimeEvent } from "../observe/time-watch.ts";
import type { Watching } from "../replay/replay.ts";
import type { ReplaySetup } from "../replay/situation.ts";
import { openObservatory } from "./observatory.ts";
import { openRelative } from "./relative.ts";

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

/** The signals' memory of the daemon; what happened to time is told by the recording, and what is deployed by its changes. */
export function replayWatching({ rules, policy }: ReplaySetup): Watching {
  let untold: readonly TimeEvent[] = [];
  let changes: readonly Change[] = [];
  let now = 0;
  function look(): readonly TimeEvent[] {
    const events = untold;
    untold = [];
    return events;
  }
  const relative = openRelative({
    rules,
    policy,
    journal: { history: () => ({ changes }) },
    clock: { now: () => now },
  });
  const observatory = openObservatory(rules, { time: { look }, relative });
  return {
    ...observatory,
    receive: (sample) => {
      now = sample.at + sample.tookMs;
      observatory.receive(sample);
    },
    cut: (change) => {
      // A recording tells what the signals were before it; a generated history does not.
      changes = [...changes, { ...relative.before(), ...change }];
      observatory.cut(change);
    },
    doubt: (event) => {
      untold = [...untold, event];
    },
  };
}
