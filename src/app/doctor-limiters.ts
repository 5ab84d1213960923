import { tellDuration } from "../model/units.ts";
import { type RateLimit, readRateLimit } from "../observe/rate-limit.ts";
import {
  type DoctorPorts,
  type Examination,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";
import { type RequestRate, requestRates } from "./request-rates.ts";

const ASK_MS = 2000;
const MAX_BODY_BYTES = 64 * 1024;
/** The window of a limiter that does not tell its own: what most are set to. */
const USUAL_WINDOW_MS = 15 * 60_000;
/** The share of a limit that the probes may use up; the rest is for people and for probing after a restart. */
const USABLE = 0.8;

/** Whether what is asked of an address is more than a limiter there allows. */
export const LIMITERS: readonly Examination[] = [
  { area: "probes", check: "limiters", look: lookAtLimiters },
];

async function lookAtLimiters(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return Promise.all(
    requestRates(config).map(async (rate) => {
      const ask = {
        url: rate.pages[0]?.url ?? rate.origin,
        timeoutMs: ASK_MS,
        maxBodyBytes: MAX_BODY_BYTES,
      };
      const answer = await world.http.ask(ask, signal);
      const limit =
        answer.kind === "answered" ? readRateLimit(answer.headers, world.clock.now()) : undefined;
      const isThrottled = answer.kind === "answered" && answer.status === 429;
      return tellRate(rate, limit, isThrottled);
    }),
  );
}

function tellRate(rate: RequestRate, limit: RateLimit | undefined, isThrottled: boolean): Finding {
  const check = `requests to ${rate.origin}`;
  if (limit?.limit !== undefined && limit.limit > 0) {
    return tellLimited(rate, { ...limit, limit: limit.limit }, isThrottled);
  }
  const said = limit === undefined ? "no limiter seen" : `a limiter says ${limit.told.join(", ")}`;
  const asked = `${countIn(rate, USUAL_WINDOW_MS)} in 15 min`;
  return isThrottled
    ? warning(check, `${asked}; throttled now (429): ${said}`, cureOf(rate, 2))
    : ok(check, `${asked}, ${said}`);
}

function tellLimited(
  rate: RequestRate,
  { limit, windowMs, resetMs = 0, told }: RateLimit & { readonly limit: number },
  isThrottled: boolean,
): Finding {
  const check = `requests to ${rate.origin}`;
  const supposedMs = windowMs ?? Math.max(USUAL_WINDOW_MS, resetMs);
  const window = `${tellDuration(supposedMs)}${windowMs === undefined ? " (supposed: it tells no window)" : ""}`;
  const asked = countIn(rate, supposedMs);
  const detail = `${asked} in ${window}, of ${limit} that a limiter allows (${told.join(", ")})`;
  const factor = asked / (limit * USABLE);
  return factor > 1 || isThrottled
    ? warning(check, detail, cureOf(rate, Math.max(factor, 1)))
    : ok(check, detail);
}

function countIn({ perMinute }: RequestRate, ms: number): number {
  return Math.ceil((perMinute * ms) / 60_000);
}

/** The intervals that would fit. */
function cureOf({ pages }: RequestRate, factor: number): string {
  const fitting = pages.flatMap(({ signal, intervalMs }) =>
    signal === undefined ? [] : [`${signal} ${Math.ceil((intervalMs * factor) / 1000)}s`],
  );
  const longer = fitting.length === 0 ? "" : `, or lengthen the intervals: ${fitting.join(", ")}`;
  return `Let the limiter pass rollwatch (loopback, or the user agent \`rollwatch\`)${longer}.`;
}
