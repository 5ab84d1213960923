import { MAX_EXTRAS } from "../model/signal.ts";
import type { Reading } from "../model/sample.ts";
import type { Clock } from "../system/clock.ts";

/** Time in which no more than `MAX_EXTRAS` extra runs are made, however often a signal is doubted. */
const SPAN_MS = 60_000;
/** What was void because of rollwatch itself is tried again after this time, where the next run is further away. */
const RETRY_MS = 5000;

/** The extra runs of one probe: a target that is in trouble is not asked without end. */
interface Extras {
  /** How long after the last run, with this reading, the next extra one may be; undefined where none is wanted, or none is left. */
  afterMs(last: Reading | undefined): number | undefined;
  /** Counts one that is due. */
  count(): void;
}

/** Extra runs for the probe, where somebody doubts its signal. */
export function createExtras(
  probe: { readonly signal: string },
  input: {
    readonly clock: Pick<Clock, "monotonic">;
    readonly againMs?: (signal: string) => number | undefined;
  },
): Extras {
  let counted: readonly number[] = [];

  function recent(): readonly number[] {
    const now = input.clock.monotonic();
    return counted.filter((at) => now - at < SPAN_MS);
  }

  return {
    afterMs: (last) => {
      if (recent().length >= MAX_EXTRAS) {
        return undefined;
      }
      const isVoid = last?.kind === "absent" && last.reason === "watcher-lagging";
      return isVoid ? RETRY_MS : input.againMs?.(probe.signal);
    },
    count: () => {
      counted = [...recent(), input.clock.monotonic()];
    },
  };
}
