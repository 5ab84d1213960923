import { assertNever } from "../model/assert-never.ts";
import type { Counts, Sample } from "../model/sample.ts";
import type { SignalRule, SignalState } from "../model/signal.ts";
import { burnWindow, type Piece, withSample } from "./burn-rate.ts";
import { requestsOf, windowOf, type FinishedWindow } from "./finished-window.ts";
import { tellShare } from "./tell.ts";
import { tellThin, THIN_SPAN_MS, throughThin, type Failing } from "./thin-traffic.ts";

/**
 * What is remembered of a signal between two samples.
 *
 * States and arrows, per finished window:
 *   any -> `breach` after `breachAfter` consecutive bad windows (of single samples also not before their least time since
 *     the first of them), at once after one bad window while a breach is unended
 *   `breach` -> `ok` after `clearAfter` consecutive good windows; until then it stays `breach`
 *   any -> `probe-error` | `too-few-samples` by a window without an answer: both streaks end, an unended breach stays unended
 *   `probe-error` | `too-few-samples` -> `ok` by a good window, with an unended breach only after `clearAfter` of them
 *
 * Of signals that count traffic, per window with too few requests although every sample was measured (a quiet one):
 *   any -> `breach` at once, when its requests and those before, all of at least five within 60 s and as far apart as `breachAfter` windows, were bad
 *   `breach` -> `breach` while those requests are not older than 60 s
 *   any -> `too-few-samples` otherwise; an unended breach stays unended (and the signal is not called quiet), but nothing
 *     acts on it, until a quiet window ends 60 s after the last proof of it without bad requests on top; then it has ended
 * `stale` and `no-data` depend on the time of asking, see `judge/signal-at.ts`.
 */
export interface SignalMemory {
  /** The newest sample's due time; equal and older samples are ignored. */
  readonly newestAt: number;
  /** When the newest sample was taken. */
  readonly endedAt: number;
  readonly value?: number;
  readonly reason: string;
  readonly state: Exclude<SignalState, "stale" | "no-data">;
  readonly since: number;
  readonly badWindows: number;
  readonly goodWindows: number;
  /** First sample of the present run of bad windows. */
  readonly firstBadAt?: number;
  /** First bad sample of a breach that `clearAfter` good windows have not ended yet. */
  readonly breachSince?: number;
  /** When the last window that showed the signal bad ended. */
  readonly provenBadAt?: number;
  /** What the last window that showed the signal bad held, of signals that are judged by a share. */
  readonly proof?: { readonly share: number; readonly reason: string };
  /** Whether the last window had too few requests for want of traffic alone. */
  readonly isQuiet: boolean;
  /** Bad requests of thin traffic since the last good one, of the last minute. */
  readonly failing: readonly Failing[];
  /** The service that the newest bad reading accuses. */
  readonly service?: string;
  /** What was counted, of signals that are judged by burn rate; outlives a change of the release. */
  readonly pieces?: readonly Piece[];
  /** Samples of the unfinished span, oldest first; always empty for windows of one sample. */
  readonly unfinished: readonly Sample[];
}

/** The part of its interval that lies between two samples in any case. */
const ON_TIME = 0.9;

/**
 * Takes a sample into the memory. Duplicates and samples that are out of order are ignored; one that is older by more
 * than `staleAfterMs` means that the clock was set back, and the memory begins anew. A gap of more than `staleAfterMs`
 * ends both streaks. While a person has the service stopped its samples say nothing, and neither does what was before.
 */
export function remember(
  rule: SignalRule,
  memory: SignalMemory | undefined,
  sample: Sample,
  stoppedByPerson = false,
): SignalMemory {
  if (memory === undefined || stoppedByPerson || sample.at < memory.newestAt - rule.staleAfterMs) {
    return take(rule, blank(sample, "no window is finished yet"), sample, stoppedByPerson);
  }
  if (sample.at <= memory.newestAt) {
    return memory;
  }
  const hasGap = sample.at - memory.newestAt > rule.staleAfterMs;
  const before = hasGap
    ? interrupted(memory, sample.at, "samples are missing before this one")
    : memory;
  return take(rule, before, sample, false);
}

/** Whether a run of bad windows has begun that is no breach yet: the sooner it is known better, the better. */
export function isDoubted({ badWindows, breachSince }: SignalMemory): boolean {
  return badWindows > 0 && breachSince === undefined;
}

/**
 * Drops the unfinished window and both streaks at a release change, so that no window mixes two releases. A proven
 * breach stays unended: it was there before the change and must not be blamed on it.
 */
export function cut(memory: SignalMemory): SignalMemory {
  return interrupted(memory, memory.endedAt, "the deployed release changed: judged afresh");
}

/** Ends both streaks and the unfinished window where rollwatch itself stood still: nobody knows what was meanwhile. */
export function afterStandstill(memory: SignalMemory): SignalMemory {
  return interrupted(memory, memory.endedAt, "rollwatch itself stood still: judged afresh");
}

/**
 * Moves everything that is remembered along with the wall clock, which was set by `byMs`: what was a minute ago still was, so
 * that nothing becomes stale, ends or begins by that. The unfinished window and the streaks are given up.
 */
export function afterClockSet(memory: SignalMemory, byMs: number): SignalMemory {
  const { firstBadAt: _ended, breachSince, provenBadAt, pieces, ...rest } = memory;
  return interrupted(
    {
      ...rest,
      ...(pieces === undefined
        ? {}
        : { pieces: pieces.map((piece) => ({ ...piece, at: piece.at + byMs })) }),
      newestAt: memory.newestAt + byMs,
      endedAt: memory.endedAt + byMs,
      since: memory.since + byMs,
      ...(breachSince === undefined ? {} : { breachSince: breachSince + byMs }),
      ...(provenBadAt === undefined ? {} : { provenBadAt: provenBadAt + byMs }),
    },
    memory.endedAt + byMs,
    "the clock was set: judged afresh",
  );
}

function take(
  rule: SignalRule,
  memory: SignalMemory,
  sample: Sample,
  stoppedByPerson: boolean,
): SignalMemory {
  const { reading } = sample;
  const seen: SignalMemory = {
    ...memory,
    newestAt: sample.at,
    endedAt: sample.at + sample.tookMs,
    reason: reading.detail,
    ...(reading.kind === "measured" ? { value: reading.value } : {}),
  };
  if (stoppedByPerson) {
    return seen;
  }
  if (rule.baseline !== undefined) {
    return uncompared(seen);
  }
  const { finished, ...kept } = finishedBy(rule, memory, sample);
  let next: SignalMemory = { ...accusing(rule, seen, sample), ...kept };
  for (const window of finished) {
    next = evaluate(rule, next, window);
  }
  return next;
}

/** The windows that a sample finishes, and what is kept of it for later ones. */
function finishedBy(
  rule: SignalRule,
  memory: SignalMemory,
  sample: Sample,
): { readonly finished: readonly FinishedWindow[] } & Pick<SignalMemory, "unfinished" | "pieces"> {
  const { burnRate } = rule;
  if (burnRate === undefined) {
    return windowOf(rule, memory.unfinished, sample);
  }
  const pieces = withSample(burnRate, memory.pieces ?? [], sample);
  return { finished: [burnWindow(rule, burnRate, pieces, sample)], unfinished: [], pieces };
}

/** Nothing to compare with, and so nothing to say: neither well nor sick, and no reason to call rollwatch blind. */
function uncompared(memory: SignalMemory): SignalMemory {
  const at = memory.endedAt;
  const reason = `${memory.reason}; nothing to compare with`;
  return { ...interrupted(memory, at, reason), isQuiet: true };
}

function evaluate(rule: SignalRule, memory: SignalMemory, window: FinishedWindow): SignalMemory {
  switch (window.kind) {
    case "bad":
      return afterBad(rule, memory, window);
    case "good":
      return afterGood(rule, memory, window.endedAt);
    case "probe-error":
      return afterSilence(memory, window.kind, window.endedAt);
    case "too-few-samples":
      return window.isQuiet
        ? afterQuiet(rule, memory, window)
        : afterSilence(memory, window.kind, window.endedAt);
    default:
      return assertNever(window);
  }
}

/** Remembers whom the newest bad reading accuses; a good reading acquits nobody, the windows do. */
function accusing(rule: SignalRule, memory: SignalMemory, sample: Sample): SignalMemory {
  const { reading } = sample;
  if (reading.kind === "absent" || requestsOf(rule, sample)?.bad === 0) {
    return memory;
  }
  const { service: _before, ...rest } = memory;
  return reading.service === undefined ? rest : { ...rest, service: reading.service };
}

function afterQuiet(
  rule: SignalRule,
  memory: SignalMemory,
  window: Extract<FinishedWindow, { kind: "too-few-samples" }>,
): SignalMemory {
  const { endedAt } = window;
  const { failing, proof, stillProven } = throughThin(rule, memory.failing, window);
  if (proof !== undefined) {
    const { firstBadAt, requests } = proof;
    return {
      ...afterBad({ ...rule, breachAfter: 1 }, memory, { firstBadAt, endedAt }),
      failing,
      proof: { share: 1, reason: tellThin(rule, requests) },
    };
  }
  if (stillProven && memory.state === "breach") {
    return { ...memory, failing };
  }
  const silent = { ...afterSilence(memory, "too-few-samples", endedAt), failing, isQuiet: true };
  const isOver = failing.length === 0 && endedAt - (memory.provenBadAt ?? 0) >= THIN_SPAN_MS;
  if (!isOver) {
    return silent;
  }
  const { breachSince: _over, ...rest } = silent;
  return rest;
}

function afterSilence(
  memory: SignalMemory,
  state: "probe-error" | "too-few-samples",
  at: number,
): SignalMemory {
  const { firstBadAt: _ended, ...rest } = memory;
  const run = { badWindows: 0, goodWindows: 0, failing: [], isQuiet: false };
  return { ...rest, ...run, ...moved(memory, state, at) };
}

function afterBad(
  rule: SignalRule,
  memory: SignalMemory,
  window: Omit<Extract<FinishedWindow, { kind: "bad" }>, "kind">,
): SignalMemory {
  const badWindows = memory.badWindows + 1;
  const firstBadAt = memory.firstBadAt ?? window.firstBadAt;
  const run = {
    badWindows,
    goodWindows: 0,
    firstBadAt,
    failing: [],
    isQuiet: false,
    provenBadAt: window.endedAt,
    ...proofOf(rule, window.requests),
  };
  const isTooSoon = window.endedAt - firstBadAt < leastMs(rule);
  if (memory.breachSince === undefined && (badWindows < rule.breachAfter || isTooSoon)) {
    const state = memory.state === "ok" ? "ok" : "too-few-samples";
    return { ...memory, ...run, ...moved(memory, state, window.endedAt) };
  }
  const breachSince = memory.breachSince ?? firstBadAt;
  return { ...memory, ...run, breachSince, ...moved(memory, "breach", window.endedAt) };
}

/**
 * How long a signal is bad at least before that is a breach: what its configured number of samples takes on their own times, also
 * where a wake-up has brought some of them together. A little less, since a sample may begin a little late.
 */
function leastMs({ confirm, window, breachAfter, intervalMs }: SignalRule): number {
  const usual = window.kind === "last" ? (breachAfter - 1) * intervalMs * ON_TIME : 0;
  return confirm?.overMs ?? usual;
}

function afterGood(rule: SignalRule, memory: SignalMemory, endedAt: number): SignalMemory {
  const { firstBadAt: _ended, ...rest } = memory;
  const goodWindows = memory.goodWindows + 1;
  const run = { badWindows: 0, goodWindows, failing: [], isQuiet: false };
  if (memory.breachSince === undefined || run.goodWindows >= rule.clearAfter) {
    const { breachSince: _cleared, ...clear } = rest;
    return { ...clear, ...run, ...moved(memory, "ok", endedAt) };
  }
  const state = memory.state === "breach" ? "breach" : "too-few-samples";
  return { ...rest, ...run, ...moved(memory, state, endedAt) };
}

function proofOf(rule: SignalRule, requests: Counts | undefined): Pick<SignalMemory, "proof"> {
  if (requests === undefined || rule.test.kind === "all") {
    return {};
  }
  const share = requests.bad / requests.total;
  return { proof: { share, reason: tellShare(rule, requests, rule.test.allowed) } };
}

function interrupted(memory: SignalMemory, at: number, reason: string): SignalMemory {
  return { ...afterSilence(memory, "too-few-samples", at), unfinished: [], reason };
}

function moved(
  memory: SignalMemory,
  state: SignalMemory["state"],
  at: number,
): Pick<SignalMemory, "state" | "since"> {
  return { state, since: memory.state === state ? memory.since : at };
}

function blank(sample: Sample, reason: string): SignalMemory {
  return {
    newestAt: sample.at,
    endedAt: sample.at,
    reason,
    state: "too-few-samples",
    since: sample.at,
    badWindows: 0,
    goodWindows: 0,
    isQuiet: false,
    failing: [],
    unfinished: [],
  };
}
