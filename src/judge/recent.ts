import { LogCollapsingLowestDenseDDSketch } from "@datadog/sketches-js";

/** Each quantile is at most this much off, as a share of itself. */
const ACCURACY = 0.01;
/** Buckets of a sketch; beyond them the lowest values run together. */
const BUCKETS = 1024;

/** The values of the last while, in sketches that take the same room however many they are. */
export interface Recent {
  /** `at`: when it was measured, ms since the epoch. */
  add(value: number, at: number): void;
  count(at: number): number;
  /** The value below which the share `quantile` (0..1) of them lies, to 1 %; undefined when there are none. */
  quantile(quantile: number, at: number): number | undefined;
}

interface Half {
  readonly from: number;
  readonly sketch: LogCollapsingLowestDenseDDSketch;
}

/** Values of at least the last `spanMs` and at most twice that; a clock that was set far forgets them. */
export function openRecent(spanMs: number): Recent {
  let newest: Half | undefined;
  let before: Half | undefined;

  function turn(at: number): void {
    const age = at - (newest?.from ?? -Infinity);
    if (age >= 0 && age < spanMs) {
      return;
    }
    before = age >= 0 && age < 2 * spanMs ? newest : undefined;
    newest = { from: at, sketch: emptySketch() };
  }

  function merged(at: number): LogCollapsingLowestDenseDDSketch {
    const sketch = emptySketch();
    for (const half of [before, newest]) {
      if (half !== undefined && Math.abs(at - half.from) < 2 * spanMs) {
        sketch.merge(half.sketch);
      }
    }
    return sketch;
  }

  return {
    add: (value, at) => {
      turn(at);
      newest?.sketch.accept(value);
    },
    count: (at) => merged(at).count,
    quantile: (quantile, at) => {
      const sketch = merged(at);
      return sketch.count === 0 ? undefined : sketch.getValueAtQuantile(quantile);
    },
  };
}

function emptySketch(): LogCollapsingLowestDenseDDSketch {
  return new LogCollapsingLowestDenseDDSketch({ relativeAccuracy: ACCURACY, binLimit: BUCKETS });
}
