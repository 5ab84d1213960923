import { requestsOf } from "../judge/finished-window.ts";
import { signalAt } from "../judge/signal-at.ts";
import { remember, type SignalMemory } from "../judge/windows.ts";
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

/** A signal judged afresh. */
export interface FreshSignal extends Signal {
  /** Its first window is still open, and nothing in it is bad: what it says is not known yet, but it is no setback. */
  readonly isPending?: boolean;
}

/** Judges with fresh memories, so that nothing the sick release did is held against the restored one. */
export function judgeAfresh(input: FreshInput): readonly FreshSignal[] {
  return input.rules.map((rule) => judgeOne(rule, input));
}

/** Windows lie on a grid counted from the epoch; all times are moved so that the first begins with the first sample and is whole. */
function judgeOne(rule: SignalRule, input: FreshInput): FreshSignal {
  const { from, now } = input;
  const counted = input.samples.filter((sample) => isCounted(rule, sample, input));
  const early = rule.window.kind === "span" ? (counted[0]?.at ?? 0) % rule.window.ms : 0;
  let memory: SignalMemory | undefined;
  for (const sample of counted) {
    memory = remember(rule, memory, { ...sample, at: sample.at - early });
  }
  const moved = signalAt(rule, memory, { now: now - early, stoppedByPerson: false });
  const signal = {
    ...moved,
    since: moved.since + early,
    ...(moved.firstBadAt === undefined ? {} : { firstBadAt: moved.firstBadAt + early }),
  };
  return isPending(rule, memory, { signal, age: now - from })
    ? { ...signal, isPending: true }
    : signal;
}

function isCounted(rule: SignalRule, sample: Sample, { from, settleMs }: FreshInput): boolean {
  const isSettling = sample.at < from + settleMs;
  return sample.signal === rule.name && sample.at >= from && !(isSettling && isBad(rule, sample));
}

/** For as long as the first samples (a first window may lack those that were left out while settling), and the one that closes their window, may take. */
function isPending(
  rule: SignalRule,
  memory: SignalMemory | undefined,
  { signal, age }: { readonly signal: Signal; readonly age: number },
): boolean {
  const { window, staleAfterMs } = rule;
  if (window.kind === "last" || signal.badWindows > 0) {
    return false;
  }
  if (signal.state === "no-data") {
    return age <= window.ms;
  }
  const open = memory?.unfinished ?? [];
  return (
    signal.state === "too-few-samples" &&
    age <= 2 * window.ms + staleAfterMs &&
    open.length > 0 &&
    !open.some((sample) => isBad(rule, sample))
  );
}

function isBad(rule: SignalRule, sample: Sample): boolean {
  const requests = requestsOf(rule, sample);
  if (requests === undefined) {
    return true;
  }
  const allowed = rule.test.kind === "share" ? rule.test.allowed : 0;
  return requests.bad > requests.total * allowed;
}
