import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { AbsenceReason, Reading } from "../../model/sample.ts";
import { formatDuration, PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Answer, Http } from "../../system/http.ts";
import { FAILURE_WORDS, tellRedirect, throttled } from "../exchange.ts";
import { tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";
import { type PromqlPoint, readPromqlAnswer } from "../promql-answer.ts";

/** Asks Prometheus for one number. What it does not know proves nothing. */
export const PrometheusProbeSettings = z
  .strictObject({
    kind: z.literal("prometheus"),
    /** Prometheus' own address, such as `http://127.0.0.1:9090`. */
    url: z
      .url({ protocol: /^https?$/u })
      .refine((url) => !/[?#]/u.test(url), "expected an address without `?` and `#`"),
    /** PromQL that gives a number, or one series. */
    query: z.string().min(1),
    /** How far back a range query looks; its newest value counts. Default: an instant query. */
    range: PositiveDuration.optional(),
    /** Time between the values of a range query. Default 15s. */
    step: PositiveDuration.optional(),
    /** What is made of several series. Default: several are no answer. */
    aggregate: z.enum(["sum", "max", "min"]).optional(),
    /** Oldest sample that still counts, by its own time. Default 2m. */
    staleAfter: PositiveDuration.prefault("2m"),
    /** Shown to Prometheus as `Authorization: Bearer`. Default none. */
    token: z.string().min(1).optional(),
    /** Basic authentication, together with `password`. Default none. */
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    /** Time between two questions. Default 10s. */
    interval: PositiveDuration.prefault("10s"),
    /** After this long without a whole answer there is none, which is nobody's fault. Default 2s. */
    timeout: PositiveDuration.prefault("2s"),
  })
  .superRefine(({ range, step, username, password, token }, context) => {
    if (step !== undefined && range === undefined) {
      const message = "expected no step without a range";
      context.addIssue({ code: "custom", path: ["step"], message });
    }
    if ((username === undefined) !== (password === undefined)) {
      const message = "expected username and password together";
      context.addIssue({ code: "custom", path: ["username"], message });
    }
    if (token !== undefined && username !== undefined) {
      const message = "expected a token, or username and password, not both";
      context.addIssue({ code: "custom", path: ["token"], message });
    }
  });
export type PrometheusProbeSettings = z.infer<typeof PrometheusProbeSettings>;

/** What it is asked with. `secrets` are values that no reading may tell. */
export interface PrometheusProbePorts {
  readonly http: Http;
  readonly clock: Clock;
  readonly secrets: readonly string[];
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const USUAL_STEP_MS = 15_000;

/** A probe of the number that a query gives; of several series what `aggregate` makes of them. */
export function createPrometheusProbe(
  name: string,
  settings: PrometheusProbeSettings,
  ports: PrometheusProbePorts,
): Probe {
  const { kind, interval, timeout } = settings;
  const headers = { accept: "application/json", ...authorizationOf(settings) };
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      const url = addressOf(settings, ports.clock.now());
      const ask = { url, headers, timeoutMs: timeout, maxBodyBytes: MAX_BODY_BYTES };
      return readingOf(await ports.http.ask(ask, signal), settings, ports);
    },
  };
}

function addressOf(settings: PrometheusProbeSettings, now: number): string {
  const { url, query, range, step = USUAL_STEP_MS, staleAfter, timeout } = settings;
  const address = new URL(`${url.replace(/\/+$/u, "")}/api/v1/query`);
  const { searchParams } = address;
  searchParams.set("query", query);
  searchParams.set("timeout", formatDuration(timeout));
  // Else Prometheus takes a sample of five minutes ago for today's, and calls it by the time of asking.
  searchParams.set("lookback_delta", formatDuration(staleAfter));
  if (range !== undefined) {
    address.pathname += "_range";
    searchParams.set("start", String((now - range) / 1000));
    searchParams.set("end", String(now / 1000));
    searchParams.set("step", formatDuration(step));
  }
  return address.href;
}

function authorizationOf({
  token,
  username,
  password,
}: PrometheusProbeSettings): Readonly<Record<string, string>> {
  if (token !== undefined) {
    return { authorization: `Bearer ${token}` };
  }
  if (username === undefined) {
    return {};
  }
  const credentials = Buffer.from(`${username}:${password ?? ""}`).toString("base64");
  return { authorization: `Basic ${credentials}` };
}

function readingOf(
  answer: Answer,
  settings: PrometheusProbeSettings,
  ports: PrometheusProbePorts,
): Reading {
  switch (answer.kind) {
    case "local":
      return absent(answer.reason, answer.detail);
    case "failed":
      return absent("no-metrics", `Prometheus: ${FAILURE_WORDS[answer.reason]} (${answer.detail})`);
    case "answered":
      return readingOfAnswered(answer, settings, ports);
    default:
      return assertNever(answer);
  }
}

function readingOfAnswered(
  { status, headers, body }: Extract<Answer, { kind: "answered" }>,
  settings: PrometheusProbeSettings,
  { clock, secrets }: PrometheusProbePorts,
): Reading {
  if (status === 429) {
    return throttled(headers);
  }
  if (status === 401 || status === 403) {
    return absent("credentials", `Prometheus refuses rollwatch (${status})`);
  }
  if (status >= 300 && status < 400) {
    return absent("no-metrics", `Prometheus: ${tellRedirect(status, headers)}`);
  }
  const found = readPromqlAnswer(body);
  if (found.kind === "none") {
    const why = tellForeign(found.why, secrets);
    return absent("no-metrics", `Prometheus (${status}): ${why}`);
  }
  return judgePoints(found.points, settings, clock.now());
}

function judgePoints(
  points: readonly PromqlPoint[],
  { aggregate, staleAfter }: PrometheusProbeSettings,
  now: number,
): Reading {
  if (points.length === 0) {
    return absent("no-metrics", "the query finds nothing: missing metrics prove nothing");
  }
  const fresh = points.filter(({ at }) => Math.abs(now - at) <= staleAfter);
  const newest = greatest(points.map(({ at }) => at));
  if (fresh.length === 0) {
    const aside = `${tellDuration(Math.abs(now - newest))} ${newest > now ? "ahead" : "old"}`;
    return absent("outdated", `the newest sample is ${aside}, at most ${tellDuration(staleAfter)}`);
  }
  const values = fresh.map(({ value }) => value);
  if (!values.every((value) => Number.isFinite(value))) {
    return absent("no-metrics", "the query gives NaN or an infinity");
  }
  if (values.length > 1 && aggregate === undefined) {
    const cure = "write one that gives one, or set aggregate";
    return absent("no-metrics", `the query gives ${values.length} series; ${cure}`);
  }
  return Number.isFinite(aggregated(values, aggregate))
    ? tellValue(values, aggregate, now - newest)
    : absent("no-metrics", "the query's series have a sum beyond every number");
}

function tellValue(
  values: readonly number[],
  aggregate: PrometheusProbeSettings["aggregate"],
  ageMs: number,
): Reading {
  const value = aggregated(values, aggregate);
  const of = values.length === 1 ? "" : `, the ${aggregate ?? ""} of ${values.length} series`;
  const age = `sampled ${tellDuration(Math.max(ageMs, 0))} ago`;
  const number = Number(value.toPrecision(6));
  return { kind: "measured", value, detail: `Prometheus: ${number}${of}, ${age}` };
}

function aggregated(
  values: readonly number[],
  aggregate: PrometheusProbeSettings["aggregate"],
): number {
  switch (aggregate) {
    case "min":
      return -greatest(values.map((value) => -value));
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "max":
    case undefined:
      return greatest(values);
    default:
      return assertNever(aggregate);
  }
}

/** Of any number of values: as arguments of a function a hundred thousand are too many. */
function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

function absent(reason: AbsenceReason, detail: string): Reading {
  return { kind: "absent", reason, detail };
}
