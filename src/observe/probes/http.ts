import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Answer, Http } from "../../system/http.ts";
import { tellAnswered, tellFailure, throttled } from "../exchange.ts";
import { ExpectedFields, faultOf } from "../expectations.ts";
import type { Probe } from "../probe.ts";

/** Asks a URL, and measures whether the answer is a failure or how long it took. */
export const HttpProbeSettings = z
  .strictObject({
    kind: z.literal("http"),
    url: z.url({ protocol: /^https?$/u }),
    /** `failure`: 1 when the answer is a failure, else 0. `latency`: seconds of the whole request. Default failure. */
    measure: z.enum(["failure", "latency"]).default("failure"),
    /** Time between two questions. Default 2s. */
    interval: PositiveDuration.prefault("2s"),
    /** After this long without a whole answer the target failed. Default 1500ms. */
    timeout: PositiveDuration.prefault("1500ms"),
    /** Status codes that are healthy. Default [200]. */
    expectStatus: z.array(z.int().min(100).max(599)).min(1).optional(),
    /** A text that the body of a healthy answer contains. */
    expectBody: z.string().min(1).optional(),
    /** Fields of a healthy answer's JSON body (dots between levels) and the value that each has. */
    expectJson: ExpectedFields.optional(),
  })
  .superRefine((settings, context) => {
    for (const problem of problemsOfLatency(settings)) {
      context.addIssue({ code: "custom", path: [problem.key], message: problem.message });
    }
  })
  .transform((settings) => ({ ...settings, expectStatus: settings.expectStatus ?? [200] }));
export type HttpProbeSettings = z.infer<typeof HttpProbeSettings>;

interface Measuring {
  readonly measure: "failure" | "latency";
  readonly interval: number;
  readonly timeout: number;
  readonly expectStatus?: unknown;
  readonly expectBody?: unknown;
  readonly expectJson?: unknown;
}

/** What makes no sense together with `measure: latency`. */
function problemsOfLatency(
  settings: Measuring,
): readonly { readonly key: string; readonly message: string }[] {
  if (settings.measure !== "latency") {
    return [];
  }
  const meaningless = (["expectStatus", "expectBody", "expectJson"] as const)
    .filter((key) => settings[key] !== undefined)
    .map((key) => ({
      key,
      message: `expected no ${key} beside \`measure: latency\`, which times every answer: give it to a signal of its own`,
    }));
  // A request that falls due while the one before still waits would never be made, and the slow time look short.
  return settings.timeout < settings.interval
    ? meaningless
    : [
        ...meaningless,
        {
          key: "timeout",
          message:
            "expected less than the interval, so that no request is left out while another waits",
        },
      ];
}

const MAX_BODY_BYTES = 1024 * 1024;

type Answered = Extract<Answer, { kind: "answered" }>;

/** A probe of the URL: 1 while it fails and 0 while it answers as expected, or the seconds that the answer took. */
export function createHttpProbe(
  name: string,
  settings: HttpProbeSettings,
  ports: { readonly http: Http },
): Probe {
  const { url, interval, timeout, measure } = settings;
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: interval,
    timeoutMs: timeout,
    timesRequests: measure === "latency",
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
      // Nobody knows how long the answer would have taken: at the least as long as anybody waits for it.
      return measured(
        settings.measure === "latency" ? settings.timeout / 1000 : 1,
        tellFailure(answer),
      );
    case "answered":
      return readingOfAnswered(answer, settings);
    default:
      return assertNever(answer);
  }
}

function readingOfAnswered(answer: Answered, settings: HttpProbeSettings): Reading {
  const { status, headers, phases } = answer;
  const isLatency = settings.measure === "latency";
  if (status === 429 && !settings.expectStatus.includes(429)) {
    return throttled(headers);
  }
  const { totalMs } = phases;
  const course = tellAnswered(phases);
  const fine = `${status} in ${Math.round(totalMs)} ms (${course})`;
  if (isLatency) {
    return measured(totalMs / 1000, fine);
  }
  const fault = faultOf(answer, settings);
  return fault === undefined ? measured(0, fine) : measured(1, `${fault} (${course})`);
}

function measured(value: number, detail: string): Reading {
  return { kind: "measured", value, detail };
}
