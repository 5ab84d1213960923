import type { Signal, SignalRule } from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";
import type { SignalMemory } from "./windows.ts";

/** The signal at the moment of asking: what the memory says, unless it is too old or a person stopped the service. */
export function signalAt(
  rule: SignalRule,
  memory: SignalMemory | undefined,
  asked: { readonly now: number; readonly stoppedByPerson: boolean },
): Signal {
  const { now, stoppedByPerson } = asked;
  const base = { name: rule.name, trigger: rule.trigger, unit: rule.unit, limit: rule.limit };
  const silent = { ...base, badWindows: 0, goodWindows: 0 };
  if (stoppedByPerson) {
    const service = rule.service ?? "the service";
    return { ...silent, state: "no-data", since: now, reason: `a person stopped ${service}` };
  }
  if (memory === undefined) {
    return { ...silent, state: "no-data", since: now, reason: "nothing was ever measured" };
  }
  const value = memory.value === undefined ? {} : { value: memory.value };
  const ageMs = now - memory.endedAt;
  if (ageMs > rule.staleAfterMs) {
    const reason = `the newest sample is ${tellDuration(ageMs)} old, expected one every ${tellDuration(rule.intervalMs)}`;
    return {
      ...silent,
      ...value,
      state: "stale",
      since: memory.endedAt + rule.staleAfterMs,
      reason,
    };
  }
  if (memory.newestAt > now + rule.staleAfterMs) {
    const reason = `the newest sample is ${tellDuration(memory.newestAt - now)} in the future: the clock was set back`;
    return { ...silent, ...value, state: "stale", since: now, reason };
  }
  return { ...base, ...value, ...judgedState(rule, memory) };
}

function judgedState(
  rule: SignalRule,
  memory: SignalMemory,
): Omit<Signal, "name" | "trigger" | "unit" | "limit" | "value"> {
  const { state, since, badWindows, goodWindows, reason } = memory;
  const firstBadAt = state === "breach" ? memory.breachSince : memory.firstBadAt;
  const isSilent = state === "too-few-samples" && memory.breachSince === undefined;
  return {
    state,
    since,
    badWindows,
    goodWindows,
    reason,
    ...(firstBadAt === undefined ? {} : { firstBadAt }),
    ...(isSilent && memory.isQuiet ? { quiet: true } : {}),
    ...accused(memory),
    ...provenShare(rule, memory),
  };
}

function accused({ state, badWindows, service }: SignalMemory): Pick<Signal, "service"> {
  const isBad = state === "breach" || badWindows > 0;
  return isBad && service !== undefined ? { service } : {};
}

/** The last bad window in words and as a share, which say more of a breach than the newest reading. */
function provenShare({ test }: SignalRule, { state, proof }: SignalMemory): Partial<Signal> {
  return state === "breach" && proof !== undefined && test.kind === "share"
    ? { reason: proof.reason, badShare: { value: proof.share, allowed: test.allowed } }
    : {};
}
