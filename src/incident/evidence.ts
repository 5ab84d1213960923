import type { Recorded } from "../model/recording.ts";

/** A recorded run of a probe. */
export type RecordedSample = Extract<Recorded, { kind: "sample" }>;

/** What a signal is measured in and judged by, as configured now. */
export interface SignalScale {
  readonly name: string;
  readonly unit: string;
  readonly limit: number;
}

/** A measured value, or null where nothing could be measured. */
export interface EvidencePoint {
  readonly at: number;
  readonly value: number | null;
}

/** A signal of the incident over its time. */
export interface EvidenceSeries extends SignalScale {
  /** Samples that were recorded, before they were thinned out. */
  readonly samples: number;
  /** Samples above the limit. */
  readonly bad: number;
  /** At most `MOST_POINTS`: of each stretch of time the worst value. */
  readonly points: readonly EvidencePoint[];
}

/** Points of one series, at most: what a page can show. */
const MOST_POINTS = 160;

/** What was recorded of the signals between two moments, thinned out. A signal of which nothing is recorded has no points. */
export function evidenceOf(
  samples: readonly RecordedSample[],
  scales: readonly SignalScale[],
  { from, until }: { readonly from: number; readonly until: number },
): readonly EvidenceSeries[] {
  return scales.map((scale) => {
    const own = samples.filter(
      ({ signal, at }) => signal === scale.name && at >= from && at <= until,
    );
    const points = own
      .map(({ at, value }) => ({ at, value: value ?? null }))
      .toSorted((left, right) => left.at - right.at);
    return {
      name: scale.name,
      unit: scale.unit,
      limit: scale.limit,
      samples: points.length,
      bad: points.filter(({ value }) => value !== null && value > scale.limit).length,
      points: thinned(points, { from, until }),
    };
  });
}

function thinned(
  points: readonly EvidencePoint[],
  { from, until }: { readonly from: number; readonly until: number },
): readonly EvidencePoint[] {
  if (points.length <= MOST_POINTS) {
    return points;
  }
  const worst = new Map<number, EvidencePoint>();
  const stretchMs = Math.max(1, until - from) / MOST_POINTS;
  for (const point of points) {
    const stretch = Math.min(MOST_POINTS - 1, Math.floor((point.at - from) / stretchMs));
    const known = worst.get(stretch);
    if (known === undefined || valueOf(point) > valueOf(known)) {
      worst.set(stretch, point);
    }
  }
  return [...worst.values()];
}

function valueOf({ value }: EvidencePoint): number {
  return value ?? Number.NEGATIVE_INFINITY;
}
