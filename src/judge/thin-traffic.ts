import type { Sample } from "../model/sample.ts";
import type { SignalRule } from "../model/signal.ts";
import { requestsOf } from "./finished-window.ts";
import { tellFault } from "./tell.ts";

/** Requests that must all be bad, over the time of `breachAfter` windows, to prove a breach where traffic is too thin for a share. */
const ENOUGH_REQUESTS = 5;
/** Time within which they must come, and after which nothing thin traffic showed counts any more. */
export const THIN_SPAN_MS = 60_000;

/** Requests of one sample, all of them bad. */
export interface Failing {
  readonly at: number;
  readonly requests: number;
}

/** Thin traffic after a window that had too few requests. */
export interface ThinTraffic {
  /** Bad requests since the last good one, of the last minute, oldest first. */
  readonly failing: readonly Failing[];
  /** The breach that this window's own requests prove, with those before; absent when they prove none. */
  readonly proof?: { readonly firstBadAt: number; readonly requests: number };
  /** Whether the requests of the last minute still are enough for a proof. */
  readonly stillProven: boolean;
}

/** Follows the bad requests through a window that had too few of them; any good one begins anew. */
export function throughThin(
  rule: SignalRule,
  before: readonly Failing[],
  window: { readonly samples: readonly Sample[]; readonly endedAt: number },
): ThinTraffic {
  let failing = before;
  let proof: ThinTraffic["proof"];
  for (const sample of window.samples) {
    const { bad, total } = requestsOf(rule, sample) ?? { bad: 0, total: 0 };
    if (bad < total) {
      failing = [];
      proof = undefined;
    } else if (total > 0) {
      failing = [...since(failing, sample.at), { at: sample.at, requests: bad }];
      proof = proofOf(rule, failing) ?? proof;
    }
  }
  const recent = since(failing, window.endedAt);
  const stillProven = enough(recent);
  return { failing: recent, stillProven, ...(proof === undefined ? {} : { proof }) };
}

/** A proof in a sentence: `all of 7 requests within 60 s failed`. */
export function tellThin(rule: SignalRule, requests: number): string {
  return `all of ${requests} requests within ${THIN_SPAN_MS / 1000} s ${tellFault(rule)}; too few to judge a share`;
}

/** Five requests of one moment prove no more than that moment: they must be as far apart as the windows of a breach. */
function proofOf(rule: SignalRule, failing: readonly Failing[]): ThinTraffic["proof"] {
  const first = failing[0];
  const last = failing.at(-1);
  const spanMs =
    rule.window.kind === "span"
      ? Math.min(rule.window.ms * (rule.breachAfter - 1), THIN_SPAN_MS / 2)
      : 0;
  return first === undefined ||
    last === undefined ||
    !enough(failing) ||
    last.at - first.at < spanMs
    ? undefined
    : { firstBadAt: first.at, requests: requestsIn(failing) };
}

function enough(failing: readonly Failing[]): boolean {
  return requestsIn(failing) >= ENOUGH_REQUESTS;
}

function requestsIn(failing: readonly Failing[]): number {
  let requests = 0;
  for (const one of failing) {
    requests += one.requests;
  }
  return requests;
}

function since(failing: readonly Failing[], at: number): readonly Failing[] {
  return failing.filter((one) => one.at > at - THIN_SPAN_MS);
}
