import { tierOf } from "../decide/policy.ts";
import type { SignalState } from "../model/signal.ts";
import type { Sight } from "../observe/probes/blindness.ts";
import { signalsNow, type Daemon } from "./daemon.ts";

/**
 * No answer although one is due. Not `no-data`, which is a service that a person stopped, or a signal of which nothing is known
 * yet; not `too-few-samples`, which is little traffic, or a release that just changed.
 */
const SILENT: ReadonlySet<SignalState> = new Set(["probe-error", "stale"]);

/** The signals of immediate and fast triggers that a daemon does not see. */
export function sightOf(daemon: Daemon): Sight {
  const { policy } = daemon.config;
  // What other programs tell is not what rollwatch sees: they may have nothing to tell for days.
  const seen = daemon.rules.filter((one) => one.evidence !== "webhook");
  const intervals = new Map(seen.map(({ name, intervalMs }) => [name, intervalMs]));
  return {
    blind: () =>
      signalsNow(daemon)
        .filter(
          ({ name, state, trigger }) =>
            intervals.has(name) && SILENT.has(state) && tierOf(policy, trigger) !== "planned",
        )
        .map(({ name, reason }) => ({
          signal: name,
          reason,
          intervalMs: intervals.get(name) ?? 0,
        })),
  };
}
