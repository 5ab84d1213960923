import { openPercentiles } from "../judge/percentiles.ts";
import { signalAt } from "../judge/signal-at.ts";
import {
  afterClockSet,
  afterStandstill,
  cut,
  isDoubted,
  remember,
  type SignalMemory,
} from "../judge/windows.ts";
import type { Change } from "../model/identity.ts";
import type { Sample } from "../model/sample.ts";
import type { TimeEvent, TimeWatch } from "../observe/time-watch.ts";
import type { Relative } from "./relative.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import type { Signal, SignalRule } from "../model/signal.ts";

/** The memory of every signal: samples go in, the six answers come out. */
export interface Observatory {
  receive(sample: Sample): void;
  /** Every signal at `now`; signals of a service that a person stopped say `no-data`. */
  signals(now: number, services: readonly Service[]): readonly Signal[];
  /** Lets no window mix two releases: forgets runs that began before the change. */
  cut(change: Change): void;
  /** Whether no signal has a proven breach that has not ended: then no verdict is one. */
  isCalm(): boolean;
  /** How long after its last sample a doubted signal is to be probed again; undefined for one that is not, or is never hurried. */
  againMs(signal: string): number | undefined;
  /** Whether every signal was sampled at least once. */
  isComplete(): boolean;
  /** Calls `listener` after each sample; returns how to stop that. */
  onSample(listener: (sample: Sample) => void): () => void;
}

/** What an observatory asks beside its samples. */
export interface ObservatoryHelp {
  /** Tells when what is remembered is in doubt. Default: never. */
  readonly time?: Pick<TimeWatch, "look">;
  /** What limits are relative to. Default: nothing. */
  readonly relative?: Relative;
}

/** An observatory that has seen nothing yet. */
export function openObservatory(
  rules: readonly SignalRule[],
  { time, relative }: ObservatoryHelp = {},
): Observatory {
  const memories = new Map<string, SignalMemory>();
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const percentiles = openPercentiles();
  const listeners = new Set<(sample: Sample) => void>();
  let stopped: ReadonlySet<string> = new Set();

  function receive(sample: Sample): void {
    settle(memories, time?.look() ?? []);
    const rule = byName.get(sample.signal);
    if (rule !== undefined) {
      const memory = memories.get(rule.name);
      const compared = ruleNow(rule, memory, relative);
      memories.set(rule.name, remember(compared, memory, sample, isSilenced(rule, stopped)));
      percentiles.take(rule, sample);
      if (areCalm(memories.values())) {
        relative?.take(rule, sample);
      }
    }
    for (const listener of listeners) {
      listener(sample);
    }
  }

  function signals(now: number, services: readonly Service[]): readonly Signal[] {
    settle(memories, time?.look() ?? []);
    stopped = new Set(services.filter(isStoppedByPerson).map((service) => service.name));
    return rules.map((rule) => {
      const asked = { now, stoppedByPerson: isSilenced(rule, stopped) };
      const lately = percentiles.of(rule.name);
      const memory = memories.get(rule.name);
      const signal = signalAt(ruleNow(rule, memory, relative), memory, asked);
      return lately === undefined ? signal : { ...signal, percentiles: lately };
    });
  }

  return {
    receive,
    againMs: (name) => paceOf(byName.get(name), memories.get(name)),
    signals,
    cut: (change) => cutAll(memories, change),
    isCalm: () => areCalm(memories.values()),
    isComplete: () => memories.size === rules.length,
    onSample: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function ruleNow(
  rule: SignalRule,
  memory: SignalMemory | undefined,
  relative: Relative | undefined,
): SignalRule {
  return relative?.ruleNow(rule, memory?.breachSince !== undefined) ?? rule;
}

function areCalm(memories: Iterable<SignalMemory>): boolean {
  for (const { breachSince } of memories) {
    if (breachSince !== undefined) {
      return false;
    }
  }
  return true;
}

function isSilenced(rule: SignalRule, stopped: ReadonlySet<string>): boolean {
  return rule.service !== undefined && stopped.has(rule.service);
}

function paceOf(
  rule: SignalRule | undefined,
  memory: SignalMemory | undefined,
): number | undefined {
  return memory !== undefined && isDoubted(memory) ? rule?.confirm?.everyMs : undefined;
}

/** Gives up what is in doubt after each of the events. */
function settle(memories: Map<string, SignalMemory>, events: readonly TimeEvent[]): void {
  for (const event of events) {
    for (const [name, memory] of memories) {
      const isStandstill = event.kind === "stood-still";
      const next = isStandstill ? afterStandstill(memory) : afterClockSet(memory, event.byMs);
      memories.set(name, next);
    }
  }
}

function cutAll(memories: Map<string, SignalMemory>, change: Change): void {
  for (const [name, memory] of memories) {
    // A run that began while the change was under way may be its doing and is kept.
    const began = memory.breachSince ?? memory.firstBadAt;
    if (began === undefined || began < change.after) {
      memories.set(name, cut(memory));
    }
  }
}
