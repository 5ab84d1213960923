import { tellDuration } from "../model/units.ts";
import type { BurnPair, BurnRate, SignalRule } from "../model/signal.ts";
import { upperTail } from "./binomial.ts";
import { tellFault, tellPercent } from "./tell.ts";

const DAY_MS = 86_400_000;

/** What a rule by burn rate means. */
interface BurnExplanation {
  readonly limit: string;
  readonly falsePerDay: number;
  readonly falseChancePerDay: number;
  readonly detectMs?: { readonly typical: number; readonly worst: number };
  readonly neverFires?: string;
  readonly assumptions: string;
}

/** Of an application that uses its budget up exactly, with the fewest requests that are judged. */
export function explainBurn(rule: SignalRule, burnRate: BurnRate): BurnExplanation {
  const { budget, pairs } = burnRate;
  const limit = pairs.map((pair) => tellPair(rule, budget, pair)).join("; or ");
  const assumptions = `a healthy application uses its budget of ${tellPercent(budget)} up exactly, each failure by itself, with ${rule.minSamples} requests in a short window; windows overlap, so that no number of them in a row means more; a fault is found when everything fails, with the long window seen before`;
  const possible = pairs.filter(({ rate }) => rate * budget < 1);
  if (possible.length === 0) {
    const neverFires = "even when everything fails the budget is not used up that fast";
    return { limit, falsePerDay: 0, falseChancePerDay: 0, neverFires, assumptions };
  }
  let falsePerDay = 0;
  for (const pair of possible) {
    falsePerDay += (DAY_MS / pair.longMs) * chanceOf(rule, budget, pair);
  }
  const soonest = Math.min(...possible.map(({ longMs, rate }) => longMs * rate * budget));
  const confirmedMs = (rule.breachAfter - 1) * rule.intervalMs;
  return {
    limit,
    falsePerDay,
    falseChancePerDay: -Math.expm1(-falsePerDay),
    detectMs: {
      typical: Math.round(soonest + confirmedMs + rule.intervalMs / 2),
      worst: Math.round(soonest + confirmedMs + rule.intervalMs),
    },
    assumptions,
  };
}

/** Both windows must burn; the long one, with more requests, is the less likely by accident. */
function chanceOf({ minSamples }: SignalRule, budget: number, pair: BurnPair): number {
  const requests = Math.round((minSamples * pair.longMs) / pair.shortMs);
  return upperTail(Math.ceil(pair.rate * budget * requests), requests, budget);
}

function tellPair(rule: SignalRule, budget: number, { longMs, shortMs, rate }: BurnPair): string {
  const share = tellPercent(Math.min(rate * budget, 1));
  return `${share} of the requests (${rate} times the budget) ${tellFault(rule)} over ${tellDuration(longMs)} and over ${tellDuration(shortMs)}`;
}
