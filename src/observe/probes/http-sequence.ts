import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import { type Answer, type Ask, type Http, METHODS } from "../../system/http.ts";
import { tellAnswered, tellFailure, throttled } from "../exchange.ts";
import { ExpectedFields, faultOf, fieldAt, NO_JSON, parseJson, quote } from "../expectations.ts";
import { tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";
import { escapeForJson, filled, namesIn, type Saved } from "../templates.ts";

/** An address whose host is fixed: an answer must not choose whom rollwatch asks. */
const StepUrl = z
  .string()
  .refine((text) => /^https?:\/\/[^/?#{}]+(?:[/?]|$)/u.test(text) && URL.canParse(text), {
    error:
      "expected an address such as http://127.0.0.1:3000/items/{{id}}, without {{…}} in its host",
    abort: true,
  });

/** Headers that belong to the connection, and what a header may not hold. */
const StepHeaders = z.record(
  z
    .string()
    .regex(/^[A-Za-z0-9-]+$/u, "expected a header's name")
    .refine(
      (name) =>
        !/^(connection|content-length|transfer-encoding|accept-encoding|upgrade|expect|te|trailer)$/iu.test(
          name,
        ),
      "expected none of the headers that belong to the connection, which rollwatch sets itself",
    ),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/u, "expected printable characters of Latin-1"),
);

const Step = z.strictObject({
  /** Named where it fails. */
  name: z.string().min(1).max(60),
  /** GET, HEAD, POST, PUT, PATCH or DELETE. Default GET. */
  method: z.enum(METHODS).default("GET"),
  url: StepUrl,
  /** Sent with the request. Default none. */
  headers: StepHeaders.default({}),
  /** Sent as it is. Default none. */
  body: z.string().min(1).optional(),
  /** Status codes that are healthy. Default [200]. */
  expectStatus: z.array(z.int().min(100).max(599)).min(1).default([200]),
  /** A text that the body of a healthy answer contains. */
  expectBody: z.string().min(1).optional(),
  /** Fields of a healthy answer's JSON body (dots between levels) and the value that each has. */
  expectJson: ExpectedFields.optional(),
  /** Fields of the JSON body to remember, by the name under which later steps have them as `{{name}}`. Default none. */
  save: z
    .record(
      z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]*$/u, "expected a name of letters and digits"),
      z.string().min(1),
    )
    .default({}),
});
type Step = z.infer<typeof Step>;

/** Asks several addresses one after the other, as a user of a feature would, and measures 1 when a step fails, else 0. */
export const HttpSequenceProbeSettings = z
  .strictObject({
    kind: z.literal("http-sequence"),
    /** What is asked, in order; the first that fails ends the run. */
    steps: z.array(Step).min(1).max(20),
    /** Time between two runs. Default 1m. */
    interval: PositiveDuration.prefault("1m"),
    /** Longest time for all steps together. Default 10s. */
    timeout: PositiveDuration.prefault("10s"),
  })
  .superRefine(({ steps }, context) => {
    for (const problem of problemsOf(steps)) {
      const path = ["steps", ...problem.path];
      context.addIssue({ code: "custom", path, message: problem.message });
    }
  });
export type HttpSequenceProbeSettings = z.infer<typeof HttpSequenceProbeSettings>;

interface StepProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What makes no sense between the steps. */
function problemsOf(steps: readonly Step[]): readonly StepProblem[] {
  const known = new Set<string>();
  const names = new Set<string>();
  const problems: StepProblem[] = [];
  for (const [place, step] of steps.entries()) {
    for (const { path, text } of textsOf(step)) {
      const unknown = namesIn(text).find((name) => !known.has(name));
      if (unknown !== undefined) {
        const message = `expected only what an earlier step saves; {{${unknown}}} is not`;
        problems.push({ path: [place, ...path], message });
      }
    }
    if (step.body !== undefined && ["GET", "HEAD"].includes(step.method)) {
      problems.push({ path: [place, "body"], message: `expected no body of a ${step.method}` });
    }
    if (names.has(step.name)) {
      problems.push({ path: [place, "name"], message: "expected each name once" });
    }
    names.add(step.name);
    for (const name of Object.keys(step.save)) {
      known.add(name);
    }
  }
  return problems;
}

/** The texts of a step in which `{{name}}` may stand. */
function textsOf({ url, body = "", headers }: Step): readonly {
  readonly path: readonly string[];
  readonly text: string;
}[] {
  const values = Object.entries(headers).map(([name, text]) => ({ path: ["headers", name], text }));
  return [{ path: ["url"], text: url }, { path: ["body"], text: body }, ...values];
}

/** What the probe asks with. */
export interface HttpSequenceProbePorts {
  readonly http: Http;
  readonly clock: Clock;
  /** Values that are never told. */
  readonly secrets: readonly string[];
}

const MAX_BODY_BYTES = 1024 * 1024;
/** A longer value is no id and no token. */
const LONGEST_SAVED = 4096;
/** Half a character has no spelling in an address. */
const LONE_SURROGATE = /\p{Cs}/u;

/** What a step came to: on to the next with what is saved by now, or the end of the run. */
type Outcome =
  | { readonly kind: "next"; readonly saved: Saved }
  | { readonly kind: "over"; readonly reading: Reading };

/** A probe that goes through the steps and measures 1 at the first that fails. */
export function createHttpSequenceProbe(
  name: string,
  settings: HttpSequenceProbeSettings,
  { http, clock, secrets }: HttpSequenceProbePorts,
): Probe {
  const { kind, steps, interval, timeout } = settings;

  async function sample(signal: AbortSignal): Promise<Reading> {
    const start = clock.monotonic();
    let saved: Saved = new Map();
    for (const [place, step] of steps.entries()) {
      const label = `step ${place + 1} of ${steps.length} (${step.name})`;
      const leftMs = timeout - (clock.monotonic() - start);
      if (leftMs <= 0) {
        return failedAt(label, `it was not reached within ${tellDuration(timeout)}`);
      }
      const request = requestOf(step, saved);
      const answer = await http.ask({ ...request, timeoutMs: leftMs }, signal);
      const hidden = [...secrets, ...Object.values(step.headers), ...saved.values()];
      const outcome = outcomeOf(answer, step, { label, hidden, saved });
      if (outcome.kind === "over") {
        return outcome.reading;
      }
      saved = outcome.saved;
    }
    const took = tellDuration(clock.monotonic() - start);
    return { kind: "measured", value: 0, detail: `${steps.length} steps in ${took}` };
  }

  return { signal: name, kind, intervalMs: interval, timeoutMs: timeout, sample };
}

function requestOf(step: Step, saved: Saved): Omit<Ask, "timeoutMs"> {
  const headers = Object.entries(step.headers).map(
    ([name, value]) => [name, filled(value, saved, escapeForHeader)] as const,
  );
  return {
    url: filled(step.url, saved, encodeURIComponent),
    method: step.method,
    headers: Object.fromEntries(headers),
    maxBodyBytes: MAX_BODY_BYTES,
    ...(step.body === undefined ? {} : { body: filled(step.body, saved, escapeForJson) }),
  };
}

/** What a header may not hold ends it, and could begin another. */
function escapeForHeader(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/gu, "");
}

interface Stand {
  readonly label: string;
  readonly hidden: readonly string[];
  readonly saved: Saved;
}

function outcomeOf(answer: Answer, step: Step, { label, hidden, saved }: Stand): Outcome {
  switch (answer.kind) {
    case "local": {
      const { reason, detail } = answer;
      return { kind: "over", reading: { kind: "absent", reason, detail: `${label}: ${detail}` } };
    }
    case "failed":
      return { kind: "over", reading: failedAt(label, tellFailure(answer)) };
    case "answered": {
      if (answer.status === 429 && !step.expectStatus.includes(429)) {
        return { kind: "over", reading: throttled(answer.headers) };
      }
      const kept = faultOf(answer, step) ?? keep(answer.body, step, saved);
      const course = tellAnswered(answer.phases);
      return typeof kept === "string"
        ? { kind: "over", reading: failedAt(label, `${tellForeign(kept, hidden)} (${course})`) }
        : { kind: "next", saved: kept };
    }
    default:
      return assertNever(answer);
  }
}

/** What is saved after the step, or in words what is wrong with a field that was to be saved. */
function keep(body: string, { save }: Step, saved: Saved): Saved | string {
  const wanted = Object.entries(save);
  if (wanted.length === 0) {
    return saved;
  }
  const value = parseJson(body);
  if (value === undefined) {
    return NO_JSON;
  }
  const kept = new Map(saved);
  for (const [name, path] of wanted) {
    const found = fieldAt(value, path);
    if (!isSavable(found)) {
      return `its field ${path} is ${quote(found)}, expected a text or a number to go on with`;
    }
    kept.set(name, String(found));
  }
  return kept;
}

function isSavable(found: unknown): found is string | number | boolean {
  return typeof found === "string"
    ? found !== "" && found.length <= LONGEST_SAVED && !LONE_SURROGATE.test(found)
    : typeof found === "number" || typeof found === "boolean";
}

function failedAt(label: string, why: string): Reading {
  return { kind: "measured", value: 1, detail: `${label}: ${why}` };
}
