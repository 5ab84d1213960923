/** Terms below this part of the sum do not change it any more. */
const NEGLIGIBLE = 1e-17;
/** From here on Stirling's series is exact to the last bit of a double. */
const STIRLING_FROM = 10;

/**
 * P(X >= `atLeast`) for X binomial with `trials` and `chance` (0..1): how likely so many bad ones are by accident. Exact but
 * for rounding (relative 1e-7 at ten million trials); takes steps in the order of the root of `trials`.
 */
export function upperTail(atLeast: number, trials: number, chance: number): number {
  if (atLeast <= 0) {
    return 1;
  }
  if (atLeast > trials || chance <= 0) {
    return 0;
  }
  if (chance >= 1) {
    return 1;
  }
  // Summed away from the hump, where each term is smaller than the one before.
  return atLeast > trials * chance
    ? Math.min(1, sumUp(atLeast, trials, chance))
    : Math.max(0, 1 - sumUp(trials - atLeast + 1, trials, 1 - chance));
}

/** The fewest bad ones among `trials` that are less likely than `level` by accident; undefined when even all of them are not. */
export function fewestSignificant(
  trials: number,
  chance: number,
  level: number,
): number | undefined {
  if (upperTail(trials, trials, chance) >= level) {
    return undefined;
  }
  let low = 1;
  let high = trials;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (upperTail(middle, trials, chance) < level) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function sumUp(from: number, trials: number, chance: number): number {
  const odds = chance / (1 - chance);
  let term = Math.exp(logTerm(from, trials, chance));
  let sum = 0;
  for (let count = from; count <= trials && term > sum * NEGLIGIBLE; count += 1) {
    sum += term;
    term *= ((trials - count) / (count + 1)) * odds;
  }
  return sum;
}

function logTerm(count: number, trials: number, chance: number): number {
  const ways = logFactorial(trials) - logFactorial(count) - logFactorial(trials - count);
  return ways + count * Math.log(chance) + (trials - count) * Math.log1p(-chance);
}

function logFactorial(count: number): number {
  if (count < STIRLING_FROM) {
    let product = 1;
    for (let factor = 2; factor <= count; factor += 1) {
      product *= factor;
    }
    return Math.log(product);
  }
  const x = count + 1;
  const square = x * x;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
