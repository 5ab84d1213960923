import { blameWindowMsOf, type PolicySettings } from "../decide/policy.ts";
import { type BeforeBook, openBefore } from "../judge/before.ts";
import { comparedRule } from "../judge/relative.ts";
import type { History } from "../model/history.ts";
import type { Change } from "../model/identity.ts";
import type { SignalRule } from "../model/signal.ts";
import type { Clock } from "../system/clock.ts";

/** Limits that are relative to what a signal was before a change. */
export interface Relative extends Pick<BeforeBook, "take"> {
  /** The rule with the limit that it has now; `isUnended`: its breach has not ended yet. */
  ruleNow(rule: SignalRule, isUnended: boolean): SignalRule;
  /** What is to be noted with a change that is seen now; empty where nothing is compared, or too little was measured. */
  before(): Pick<Change, "before">;
}

/** What they are made from. */
export interface RelativeInput {
  readonly rules: readonly SignalRule[];
  readonly policy: PolicySettings;
  readonly journal: { readonly history: () => Pick<History, "changes"> };
  readonly clock: Pick<Clock, "now">;
}

/** Relative limits over the changes of the journal, so that they outlive a restart. */
export function openRelative({ rules, policy, journal, clock }: RelativeInput): Relative {
  const book = openBefore(rules);
  return {
    take: (rule, sample) => book.take(rule, sample),
    ruleNow: (rule, isUnended) =>
      rule.baseline === undefined
        ? rule
        : comparedRule(rule, {
            changes: journal.history().changes,
            now: clock.now(),
            windowMs: blameWindowMsOf(policy, rule.trigger),
            isUnended,
          }),
    before: () => {
      const before = book.close(clock.now());
      return Object.keys(before).length === 0 ? {} : { before };
    },
  };
}
