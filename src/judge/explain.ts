import {
  type RelativeLimit,
  requestsNeeded,
  samplesToConfirm,
  SIGNIFICANCE,
  type SignalRule,
} from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";
import { fewestSignificant, upperTail } from "./binomial.ts";
import { explainBurn } from "./explain-burn.ts";
import { relativeRule } from "./relative.ts";
import { chanceOfRun, windowsUntilRun } from "./runs.ts";
import { tellFault, tellPercent, tellValue } from "./tell.ts";

const DAY_MS = 86_400_000;
/** Truly bad requests of a healthy application, unless told otherwise. */
const HEALTHY_SHARE = 0.01;
/** Samples above their limit by accident, of signals that are no share. */
const HEALTHY_SAMPLES = 0.001;
/** Traffic is supposed to lie between the minimum of a window and this many times as much. */
const BUSY = 10;

/** What a rule means in false alarms and seconds. Of two supposed amounts of traffic the worse one counts. */
export interface RuleExplanation {
  /** When a window is bad, in words. */
  readonly limit: string;
  /** Breaches in 24 hours of an application that is healthy. */
  readonly falsePerDay: number;
  /** The chance (0..1) of at least one in 24 hours. */
  readonly falseChancePerDay: number;
  /** From the moment everything fails to the proven breach; absent when the rule never fires. */
  readonly detectMs?: { readonly typical: number; readonly worst: number };
  /** Why no number of bad samples makes a breach; absent when some does. */
  readonly neverFires?: string;
  /** Why a breach, once there, would hardly end; absent when it does. */
  readonly neverClears?: string;
  /** What was supposed, in words. */
  readonly assumptions: string;
}

/** Requests or samples that a window is supposed to hold. */
type Amounts = readonly [number, ...number[]];

/**
 * Computes what a rule means: the chance of false alarms exactly, by the chance that a healthy window is bad and that of
 * `breachAfter` in a row. `trueShare` is the share of bad requests of a healthy application; default 0.01.
 */
export function explainRule(
  rule: SignalRule,
  assumed: { readonly trueShare?: number } = {},
): RuleExplanation {
  const trueShare = assumed.trueShare ?? HEALTHY_SHARE;
  if (rule.baseline !== undefined) {
    return explainRelative(rule, rule.baseline, trueShare);
  }
  if (rule.burnRate !== undefined) {
    return explainBurn(rule, rule.burnRate);
  }
  const amounts = amountsOf(rule);
  const limit = tellLimit(rule);
  const assumptions = tellAssumptions(rule, amounts, trueShare);
  const neverFires = whyNeverFires(rule, amounts[0]);
  if (neverFires !== undefined) {
    return { limit, falsePerDay: 0, falseChancePerDay: 0, neverFires, assumptions };
  }
  const chance = Math.max(...amounts.map((amount) => chanceOfBad(rule, amount, trueShare)));
  const answerMs = Math.max(windowMsOf(rule), rule.heldMs ?? 0);
  const perDay = DAY_MS / answerMs;
  const accidents = { chance, length: answersIn(rule, lengthOf(rule)) };
  const clearing = windowsUntilRun({
    chance: 1 - chance,
    length: answersIn(rule, rule.clearAfter),
  });
  const neverClears =
    clearing > perDay
      ? `a window of a healthy application is bad in ${tellPercent(chance)} of cases: a breach would last longer than a day`
      : undefined;
  return {
    limit,
    falsePerDay: perDay / (windowsUntilRun(accidents) + clearing),
    falseChancePerDay: chanceOfRun(accidents, Math.floor(perDay)),
    detectMs: detection(rule, amounts[0]),
    ...(neverClears === undefined ? {} : { neverClears }),
    assumptions,
  };
}

/** As if before the change the application had been as it is supposed to be: the step alone is then the limit. */
function explainRelative(
  rule: SignalRule,
  baseline: RelativeLimit,
  trueShare: number,
): RuleExplanation {
  const explanation = explainRule(relativeRule(rule, rule.countsTraffic ? trueShare : 0), {
    trueShare,
  });
  return {
    ...explanation,
    limit: tellRelative(rule, baseline),
    assumptions: `${explanation.assumptions}; only while the newest change can be blamed, and where at least 100 samples or requests were measured before it. What follows each other on one host is alike: the step, and no test, keeps a slow drift from being called a fault`,
  };
}

/** Bad windows in a row that make a breach. */
function lengthOf({ breachAfter, confirm }: SignalRule): number {
  return confirm === undefined ? breachAfter : samplesToConfirm(confirm, breachAfter);
}

/** How many answers so many windows hold that are each by themselves: an answer that is repeated is one. */
function answersIn(rule: SignalRule, windows: number): number {
  const windowMs = windowMsOf(rule);
  return Math.ceil((windows * windowMs) / Math.max(windowMs, rule.heldMs ?? 0));
}

function windowMsOf({ window, intervalMs }: SignalRule): number {
  return window.kind === "last" ? intervalMs : window.ms;
}

function amountsOf(rule: SignalRule): Amounts {
  if (rule.countsTraffic && rule.test.kind === "share") {
    return [rule.minSamples, rule.minSamples * BUSY];
  }
  return [Math.max(1, Math.floor(windowMsOf(rule) / rule.intervalMs))];
}

function whyNeverFires(rule: SignalRule, amount: number): string | undefined {
  const { test, minSamples } = rule;
  if (amount < minSamples) {
    return `a window holds ${amount} samples, and minSamples asks for ${minSamples}`;
  }
  const needed = test.kind === "all" ? 1 : requestsNeeded(test.allowed);
  if (test.kind === "all" || needed <= amount) {
    return undefined;
  }
  const allowed = tellPercent(test.allowed);
  return needed === Infinity
    ? `${allowed} of the requests may be bad, and that is all of them`
    : `of ${amount} requests a window even all bad ones prove no share above ${allowed}; ${needed} are needed`;
}

function chanceOfBad({ test }: SignalRule, amount: number, trueShare: number): number {
  if (test.kind === "all") {
    return HEALTHY_SAMPLES ** amount;
  }
  const enough = fewestSignificant(amount, test.allowed, SIGNIFICANCE);
  return enough === undefined ? 0 : upperTail(enough, amount, trueShare);
}

/**
 * A window that is under way when the fault begins counts if enough of it is left; a span is judged when the sample after
 * it arrives.
 */
function detection(
  rule: SignalRule,
  amount: number,
): { readonly typical: number; readonly worst: number } {
  const { test, breachAfter, countsTraffic, confirm } = rule;
  const windowMs = windowMsOf(rule);
  if (confirm !== undefined) {
    const confirmedMs = (lengthOf(rule) - 1) * confirm.everyMs;
    return {
      typical: Math.round(windowMs / 2 + confirmedMs),
      worst: Math.round(windowMs + confirmedMs),
    };
  }
  const enough =
    test.kind === "all"
      ? amount
      : (fewestSignificant(amount, test.allowed, SIGNIFICANCE) ?? amount);
  // A probe's own request stands for the whole interval before it, and then for nothing until the next.
  const lost = (countsTraffic ? enough : enough - 1) / amount;
  const delayMs = rule.window.kind === "last" ? 0 : rule.intervalMs;
  return {
    typical: Math.round((breachAfter - 0.5 + lost) * windowMs + delayMs),
    worst: Math.round((breachAfter + lost) * windowMs + delayMs),
  };
}

function tellLimit(rule: SignalRule): string {
  const { test, window, unit, limit } = rule;
  const inWindow = window.kind === "last" ? "" : ` of ${tellDuration(window.ms)}`;
  if (test.kind === "share") {
    return `more than ${tellPercent(test.allowed)} of the requests${inWindow} ${tellFault(rule)}, beyond chance`;
  }
  const which = window.kind === "last" ? "a sample" : `every sample${inWindow}`;
  return `${which} is above ${tellValue(limit, unit)}`;
}

function tellRelative(rule: SignalRule, { rise, by }: RelativeLimit): string {
  const { test, window, unit, countsTraffic } = rule;
  const inWindow = window.kind === "last" ? "" : ` of ${tellDuration(window.ms)}`;
  const more = `more than ${tellPercent(rise)} and more than ${tellValue(by, unit)}`;
  if (test.kind === "all") {
    const which = window.kind === "last" ? "a sample" : `every sample${inWindow}`;
    return `${which} is ${more} above what 95 % of them were below before the newest change`;
  }
  return countsTraffic
    ? `the share of the requests${inWindow} that ${tellFault(rule)} is ${more} above that before the newest change, beyond chance`
    : `more than ${tellPercent(test.allowed)} of the requests${inWindow} took ${more} longer than ${tellPercent(1 - test.allowed)} of them did before the newest change, beyond chance`;
}

function tellAssumptions(rule: SignalRule, amounts: Amounts, trueShare: number): string {
  const healthy =
    rule.test.kind === "all"
      ? `of a healthy application one sample in ${1 / HEALTHY_SAMPLES} is above the limit, each by itself`
      : `${tellPercent(trueShare)} of a healthy application's requests are bad, each by itself, ${amounts.join(" to ")} in a window`;
  const thin = rule.countsTraffic
    ? "; where less is asked, five requests within 60 s that all fail, as far apart as the windows of a breach, are one at once"
    : "";
  const hurried =
    rule.confirm === undefined
      ? ""
      : `; samples ${tellDuration(rule.confirm.everyMs)} apart are less independent than others, and a pause of the application that is longer than ${tellDuration(rule.confirm.overMs)} is a breach`;
  const held =
    rule.heldMs === undefined
      ? ""
      : `; an answer is repeated for ${tellDuration(rule.heldMs)} and counts as one, unless a lock file changes: what becomes known meanwhile is found with the next one`;
  return `${healthy}${thin}${hurried}${held}; a fault is found when everything fails, plus the probe's timeout where nothing answers`;
}
