/** Random numbers that come again with the same seed. */
export interface Random {
  /** 0 <= x < 1. */
  next(): number;
  /** from <= x < to. */
  between(from: number, to: number): number;
  /** A whole number, from <= x <= to. */
  whole(from: number, to: number): number;
  /** True in this share (0..1) of the calls. */
  chance(share: number): boolean;
  /** Exponentially distributed with this mean. */
  waiting(mean: number): number;
  /** How many of so many events happen at this mean; Poisson. */
  count(mean: number): number;
  /** How many of `trials` hit, each with this chance (0..1). */
  hits(trials: number, chance: number): number;
  /** Another source, independent of what this one gives later. */
  fork(): Random;
}

/** Numbers by sfc32 from a seed of 32 bits. */
export function seeded(seed: number): Random {
  let a = 0x9e37_79b9 ^ seed;
  let b = 0x243f_6a88;
  let c = 0xb7e1_5162;
  let counter = 1;

  function bits(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  }

  function next(): number {
    return bits() / 4_294_967_296;
  }

  for (let warm = 0; warm < 15; warm += 1) {
    bits();
  }
  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (share) => next() < share,
    waiting: (mean) => -mean * Math.log(1 - next()),
    count: (mean) => countOf(mean, next),
    hits: (trials, chance) => hitsOf(trials, chance, next),
    fork: () => seeded(bits()),
  };
}

/** Beyond this mean a rounded normal distribution differs from the true one by less than any window shows. */
const MANY = 60;

function countOf(mean: number, next: () => number): number {
  if (mean <= 0) {
    return 0;
  }
  if (mean > MANY) {
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(next)));
  }
  const limit = Math.exp(-mean);
  let product = next();
  let count = 0;
  while (product > limit) {
    product *= next();
    count += 1;
  }
  return count;
}

/** Exact but for many trials with many hits: the gaps between hits are geometric. */
function hitsOf(trials: number, chance: number, next: () => number): number {
  if (chance <= 0 || trials <= 0) {
    return 0;
  }
  if (chance >= 1) {
    return trials;
  }
  if (chance > 0.5) {
    return trials - hitsOf(trials, 1 - chance, next);
  }
  const mean = trials * chance;
  if (mean > MANY) {
    const rounded = Math.round(mean + Math.sqrt(mean * (1 - chance)) * normal(next));
    return Math.min(trials, Math.max(0, rounded));
  }
  const step = Math.log1p(-chance);
  let hits = 0;
  let place = Math.floor(Math.log(1 - next()) / step);
  while (place < trials) {
    hits += 1;
    place += 1 + Math.floor(Math.log(1 - next()) / step);
  }
  return hits;
}

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
