import { assertNever } from "../model/assert-never.ts";
import type { EndpointHealth, Health } from "../model/health.ts";
import type { Answer, Http } from "../system/http.ts";
import type { EndpointSettings } from "./settings.ts";

/** Requests of which an endpoint's times are the median. */
const REQUESTS = 3;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const TOO_MANY_REQUESTS = 429;

type Answered = Extract<Answer, { kind: "answered" }>;

/** Asks an endpoint a few times, one after the other, until one answer is not as it should be. */
export async function takeEndpoint(
  { http }: { readonly http: Http },
  settings: EndpointSettings,
  signal: AbortSignal,
): Promise<Health["endpoints"][number]> {
  const { expectStatus, timeout } = settings;
  const url = tellUrl(settings.url);
  const request = { url: settings.url, timeoutMs: timeout, maxBodyBytes: MAX_BODY_BYTES };
  const answers: Answered[] = [];
  while (answers.length < REQUESTS) {
    const answer = await http.ask(request, signal);
    const wrong = whatIsWrong(answer, expectStatus);
    if (wrong !== undefined) {
      return { url, answer: wrong };
    }
    if (answer.kind === "answered") {
      answers.push(answer);
    }
  }
  return { url, answer: medianOf(answers) };
}

function whatIsWrong(answer: Answer, expectStatus: readonly number[]): EndpointHealth | undefined {
  switch (answer.kind) {
    case "answered":
      return expectStatus.includes(answer.status) ? undefined : ofStatus(answer);
    case "failed":
      // How much it answers is its own affair; it is rollwatch that reads no more.
      return answer.reason === "oversize"
        ? { kind: "unknown", reason: answer.detail }
        : { kind: "failed", detail: answer.detail };
    case "local":
      return { kind: "unknown", reason: answer.detail };
    default:
      return assertNever(answer);
  }
}

function ofStatus(answer: Answered): EndpointHealth {
  return answer.status === TOO_MANY_REQUESTS
    ? { kind: "unknown", reason: "HTTP 429: it throttles rollwatch" }
    : medianOf([answer]);
}

function medianOf(answers: readonly Answered[]): EndpointHealth {
  const phases = answers.map((answer) => answer.phases);
  const connectMs = median(phases.flatMap((one) => one.connectMs ?? []));
  const firstByteMs = median(phases.flatMap((one) => one.firstByteMs ?? []));
  return {
    kind: "known",
    status: answers[0]?.status ?? 0,
    ...(connectMs === undefined ? {} : { connectMs }),
    ...(firstByteMs === undefined ? {} : { firstByteMs }),
    totalMs: median(phases.map((one) => one.totalMs)) ?? 0,
  };
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** An address as it may be journaled: credentials are left out, and so is what its query says. */
function tellUrl(text: string): string {
  const url = new URL(text);
  const query = [...url.searchParams.keys()].map((name) => `${name}=…`).join("&");
  return `${url.origin}${url.pathname}${query === "" ? "" : `?${query}`}`;
}
