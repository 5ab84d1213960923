import { remember, signalAt, type SignalMemory } from "../judge/windows.ts";
import type { Sample } from "../model/sample.ts";
import type { Signal, SignalRule } from "../model/signal.ts";

/** The samples that a verification rests on, with the moment from which they count. */
export interface FreshInput {
  readonly rules: readonly SignalRule[];
  readonly samples: readonly Sample[];
  /** When the restored services were started; earlier samples are of the sick release. */
  readonly from: number;
  /** Time after `from` in which only good samples count. */
  readonly settleMs: number;
  readonly now: number;
}

/** Judges with fresh memories, so that nothing the sick release did is held against the restored one. */
export function judgeAfresh(input: FreshInput): readonly Signal[] {
  const { rules, samples, from, settleMs, now } = input;
  return rules.map((rule) => {
    let memory: SignalMemory | undefined;
    for (const sample of samples) {
      const isSettling = sample.at < from + settleMs;
      if (
        sample.signal === rule.name &&
        sample.at >= from &&
        !(isSettling && isBad(rule, sample))
      ) {
        memory = remember(rule, memory, sample);
      }
    }
    return signalAt(rule, memory, { now, stoppedByPerson: false });
  });
}

function isBad(rule: SignalRule, { reading }: Sample): boolean {
  return reading.kind === "absent" || reading.value > rule.limit;
}
