import { upperTail } from "../../src/judge/binomial.ts";

const DOUBT = 0.05;
const STEPS = 60;

/** The highest chance (0..1) with which so few hits are not yet unlikely (5 %): Clopper and Pearson's upper bound, one-sided. */
export function atMost(hits: number, trials: number): number {
  return hits >= trials ? 1 : bisect((chance) => 1 - upperTail(hits + 1, trials, chance) > DOUBT);
}

/** The lowest chance (0..1) with which so many hits are not yet unlikely (5 %): the lower bound, one-sided. */
export function atLeast(hits: number, trials: number): number {
  return hits <= 0 ? 0 : bisect((chance) => upperTail(hits, trials, chance) <= DOUBT);
}

/** The chance at which `isBelow` turns from true to false. */
function bisect(isBelow: (chance: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (isBelow(middle)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}
