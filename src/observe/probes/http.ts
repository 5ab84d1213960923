import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { Duration } from "../../model/units.ts";
import type { Answer, Http } from "../../system/http.ts";
import type { Probe } from "../probe.ts";

/** Asks a URL and measures 1 when the answer is a failure, 0 when it is not. */
export const HttpProbeSettings = z.strictObject({
  kind: z.literal("http"),
  url: z.url({ protocol: /^https?$/u }),
  /** Time between two questions. Default 2s. */
  interval: Duration.prefault("2s"),
  /** After this long without a whole answer the target failed. Default 1500ms. */
  timeout: Duration.prefault("1500ms"),
  /** Status codes that are healthy. Default [200]. */
  expectStatus: z.array(z.int().min(100).max(599)).min(1).default([200]),
});
export type HttpProbeSettings = z.infer<typeof HttpProbeSettings>;

const MAX_BODY_BYTES = 1024 * 1024;

type Answered = Extract<Answer, { kind: "answered" }>;
type FailedReason = Extract<Answer, { kind: "failed" }>["reason"];

const WORDS: Readonly<Record<FailedReason, string>> = {
  refused: "the connection was refused",
  reset: "the connection was broken off",
  timeout: "it did not answer in time",
  oversize: "its answer is too long",
  "bad-answer": "its answer is no valid HTTP",
  tls: "no secure connection came about",
  unreachable: "it cannot be reached",
};

/** A probe that measures 1 while the URL fails and 0 while it answers as expected. */
export function createHttpProbe(
  name: string,
  settings: HttpProbeSettings,
  ports: { readonly http: Http },
): Probe {
  const { url, interval, timeout } = settings;
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      const ask = { url, timeoutMs: timeout, maxBodyBytes: MAX_BODY_BYTES };
      return readingOf(await ports.http.ask(ask, signal), settings);
    },
  };
}

function readingOf(answer: Answer, settings: HttpProbeSettings): Reading {
  switch (answer.kind) {
    case "local":
      return { kind: "absent", reason: answer.reason, detail: answer.detail };
    case "failed":
      return bad(`${WORDS[answer.reason]} (${answer.detail})`);
    case "answered":
      return readingOfStatus(answer, settings.expectStatus);
    default:
      return assertNever(answer);
  }
}

function readingOfStatus(answer: Answered, expected: readonly number[]): Reading {
  const { status, headers, phases } = answer;
  if (expected.includes(status)) {
    const detail = `${status} in ${Math.round(phases.totalMs)} ms`;
    return { kind: "measured", value: 0, detail };
  }
  if (status === 429) {
    return { kind: "absent", reason: "throttled", detail: "it asks us to slow down (429)" };
  }
  if (status >= 300 && status < 400) {
    // Without the query, which may carry a secret.
    const target = (headers["location"] ?? "nowhere").split("?")[0]?.slice(0, 120);
    return bad(`it redirects to ${target} (${status})`);
  }
  return bad(`it answered ${status}, expected ${expected.join(" or ")}`);
}

function bad(detail: string): Reading {
  return { kind: "measured", value: 1, detail };
}
