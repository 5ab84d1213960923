import type { Counts, Sample } from "../model/sample.ts";
import type { BurnPair, BurnRate, SignalRule } from "../model/signal.ts";
import type { FinishedWindow } from "./finished-window.ts";

/** Counts are kept in at most so many pieces of time, whatever the longest window is. */
const MAX_PIECES = 720;
/** So much of a long window must have been seen before it says anything: a few minutes are no hour. */
const LEAST_SEEN = 0.5;

/** Requests of a piece of time that begins at `at`. */
export interface Piece extends Counts {
  readonly at: number;
}

/** The pieces with one more sample; those older than the longest window are left out. */
export function withSample(
  burnRate: BurnRate,
  pieces: readonly Piece[],
  { at, reading }: Sample,
): readonly Piece[] {
  const counts = reading.kind === "measured" ? reading.counts : undefined;
  if (counts === undefined) {
    return pieces;
  }
  const longest = Math.max(...burnRate.pairs.map((pair) => pair.longMs));
  const pieceMs = longest / MAX_PIECES;
  const start = Math.floor(at / pieceMs) * pieceMs;
  const known = pieces.filter((piece) => piece.at > at - longest && piece.at <= at);
  const last = known.at(-1);
  return last !== undefined && last.at >= start
    ? [...known.slice(0, -1), { at: last.at, ...sumOf([last, { at, ...counts }]) }]
    : [...known, { at: start, ...counts }];
}

/** What the sample's moment says: bad where one pair of windows, the long one and the short one, burns too fast. */
export function burnWindow(
  rule: SignalRule,
  { budget, pairs }: BurnRate,
  pieces: readonly Piece[],
  sample: Sample,
): FinishedWindow {
  const endedAt = sample.at + sample.tookMs;
  if (sample.reading.kind === "absent") {
    return { kind: "probe-error", endedAt };
  }
  const told = pairs.filter((pair) =>
    isTold(pair, pieces, { at: sample.at, least: rule.minSamples }),
  );
  if (told.length === 0) {
    return { kind: "too-few-samples", endedAt, isQuiet: true, samples: [] };
  }
  const burning = told.find(({ longMs, shortMs, rate }) =>
    [longMs, shortMs].every((ms) => shareOf(since(pieces, sample.at - ms)) >= rate * budget),
  );
  if (burning === undefined) {
    return { kind: "good", endedAt };
  }
  const requests = sumOf(since(pieces, sample.at - burning.longMs));
  return { kind: "bad", firstBadAt: beganAt(pieces, budget, sample.at), endedAt, requests };
}

function isTold(
  { longMs, shortMs }: BurnPair,
  pieces: readonly Piece[],
  { at, least }: { readonly at: number; readonly least: number },
): boolean {
  const oldest = pieces[0]?.at ?? at;
  return at - oldest >= longMs * LEAST_SEEN && sumOf(since(pieces, at - shortMs)).total >= least;
}

/** Since when, without a break, more than the budget fails: what was changed later than that did not do it. */
function beganAt(pieces: readonly Piece[], budget: number, at: number): number {
  let began = at;
  for (const piece of pieces.toReversed()) {
    if (piece.total > 0 && piece.bad <= piece.total * budget) {
      break;
    }
    began = piece.total > 0 ? Math.min(piece.at, began) : began;
  }
  return began;
}

function since(pieces: readonly Piece[], at: number): readonly Piece[] {
  return pieces.filter((piece) => piece.at >= at);
}

function shareOf(pieces: readonly Piece[]): number {
  const { bad, total } = sumOf(pieces);
  return total === 0 ? 0 : bad / total;
}

function sumOf(pieces: readonly Piece[]): Counts {
  let [bad, total] = [0, 0];
  for (const piece of pieces) {
    bad += piece.bad;
    total += piece.total;
  }
  return { bad, total };
}
