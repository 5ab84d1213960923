import type { UpstreamSettings } from "../model/application.ts";
import { assertNever } from "../model/assert-never.ts";
import type { Control } from "../model/control.ts";
import { tellDuration } from "../model/units.ts";
import type { HostNames } from "../system/host-names.ts";
import type { Answer, Http } from "../system/http.ts";
import { FAILURE_WORDS } from "./exchange.ts";

/** Body bytes of an upstream's answer that are read before it counts as one that answers. */
const MAX_BODY_BYTES = 64 * 1024;
/** An answer that asks to be left alone: whoever says so is alive. */
const TOO_MANY = 429;
/** From here on an upstream says itself that it failed. */
const SERVER_ERROR = 500;

type Found = Omit<Control, "name">;

/** Whether every declared upstream answers; one that does not is named. Not known where our own side failed. */
export async function askUpstreams(
  http: Http,
  upstreams: readonly UpstreamSettings[],
  signal: AbortSignal,
): Promise<Found> {
  if (upstreams.length === 0) {
    return { state: "unknown", detail: "no upstream is configured" };
  }
  const found = await Promise.all(
    upstreams.map(async (upstream) => askUpstream(http, upstream, signal)),
  );
  return { state: gravest(found), detail: worstFirst(found) };
}

/** Whether the names of the hosts that the application depends on can be resolved here. */
export async function askNames(
  hostNames: HostNames,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Found> {
  if (names.length === 0) {
    return { state: "unknown", detail: "no host is configured by its name" };
  }
  const found: Found[] = [];
  // One after another: a resolver that hangs holds one thread of this process and not all of them.
  for (const name of names) {
    found.push(await askName(hostNames, name, signal));
  }
  const isAllUnknown = found.every((one) => one.state === "unknown");
  return {
    // A single name that nobody knows is a wrong name; when all are gone, so is the resolver's knowledge.
    state: isAllUnknown || gravest(found) === "red" ? "red" : "green",
    detail: worstFirst(found),
  };
}

async function askUpstream(
  http: Http,
  { name, url, timeout, expectStatus }: UpstreamSettings,
  signal: AbortSignal,
): Promise<Found> {
  const ask = { url, timeoutMs: timeout, maxBodyBytes: MAX_BODY_BYTES };
  const answer = await http.ask(ask, signal);
  switch (answer.kind) {
    case "local":
      return { state: "unknown", detail: `${name} could not be asked: ${answer.detail}` };
    case "failed":
      return answer.reason === "oversize" ? answering(name, answer) : silent(name, answer);
    case "answered":
      return isExpected(answer.status, expectStatus)
        ? answering(name, answer)
        : { state: "red", detail: `${name} answers ${answer.status}` };
    default:
      return assertNever(answer);
  }
}

function silent(name: string, answer: Extract<Answer, { kind: "failed" }>): Found {
  return { state: "red", detail: `${name}: ${FAILURE_WORDS[answer.reason]} (${answer.detail})` };
}

function answering(
  name: string,
  { phases }: Extract<Answer, { kind: "answered" | "failed" }>,
): Found {
  return { state: "green", detail: `${name} answered in ${tellDuration(phases.totalMs)}` };
}

function isExpected(status: number, expected: readonly number[] | undefined): boolean {
  return status === TOO_MANY || (expected?.includes(status) ?? status < SERVER_ERROR);
}

async function askName(hostNames: HostNames, name: string, signal: AbortSignal): Promise<Found> {
  const answer = await hostNames.find(name, signal);
  switch (answer.kind) {
    case "found":
      return { state: "green", detail: `${name} resolves` };
    case "no-such-name":
      return { state: "unknown", detail: `${name} is not known (${answer.detail})` };
    case "no-resolver":
      return { state: "red", detail: `${name} cannot be resolved (${answer.detail})` };
    default:
      return assertNever(answer);
  }
}

function gravest(found: readonly Found[]): Control["state"] {
  if (found.some((one) => one.state === "red")) {
    return "red";
  }
  return found.some((one) => one.state === "unknown") ? "unknown" : "green";
}

function worstFirst(found: readonly Found[]): string {
  const order = ["red", "unknown", "green"] as const;
  return order
    .flatMap((state) => found.filter((one) => one.state === state).map((one) => one.detail))
    .join("; ");
}
