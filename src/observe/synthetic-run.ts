import { assertNever } from "../model/assert-never.ts";
import type { Reading } from "../model/sample.ts";
import { tellDuration } from "../model/units.ts";
import { childOf } from "../system/abort.ts";
import type { Answer } from "../system/http.ts";
import type { FoundAnswer } from "../system/postgres-statements.ts";
import type { Conversation, Websocket } from "../system/websocket.ts";
import type { CleanUpPorts } from "./clean-up.ts";
import { FAILURE_WORDS, throttled } from "./exchange.ts";
import { faultOf } from "./expectations.ts";
import { MARK_HOLDER, type SyntheticAlertProbeSettings } from "./synthetic-settings.ts";
import { readingOfNoAnswer } from "./statement-reading.ts";

/** What a synthetic reading is sent and its alert awaited with. */
export interface SyntheticPorts extends CleanUpPorts {
  readonly websocket: Websocket;
}

/** What came of it; `settled` when nothing can come of it any more once it is cleaned up. */
export interface SyntheticOutcome {
  readonly reading: Reading;
  readonly settled: boolean;
}

/** One of the two ways in which an alert shows. */
type Shown =
  | { readonly kind: "there" | "missing"; readonly detail: string }
  | { readonly kind: "unknown"; readonly reading: Reading };

const MAX_BODY_BYTES = 64 * 1024;
const LOOK_AGAIN_MS = 200;

/** Posts the reading of a mark and waits for its alert: listens first, so that none is missed. */
export async function postAndWait(
  settings: SyntheticAlertProbeSettings,
  mark: string,
  ports: SyntheticPorts,
  signal: AbortSignal,
): Promise<SyntheticOutcome> {
  const own = childOf(signal);
  try {
    const hearing = await listen(settings, mark, ports, own.signal);
    if (hearing !== undefined && "deaf" in hearing) {
      return { reading: hearing.deaf, settled: true };
    }
    const start = ports.clock.monotonic();
    const limit = ports.clock.deadline(settings.within, own.signal);
    const refused = await post(settings, mark, ports, own.signal);
    if (refused !== undefined) {
      return { reading: refused, settled: false };
    }
    const shown = await Promise.all([
      ...(hearing === undefined ? [] : [awaitMessage(hearing.heard, settings.within, limit)]),
      ...(settings.expectRow === undefined ? [] : [awaitRow(settings, mark, ports, limit)]),
    ]);
    signal.throwIfAborted();
    return outcomeOf(shown, ports.clock.monotonic() - start);
  } finally {
    own.release();
    own.abort("the run is over");
  }
}

/** The conversation, once it hears; or what keeps it from hearing. */
type Hearing = { readonly heard: Promise<Conversation | undefined> } | { readonly deaf: Reading };

async function listen(
  { expectMessage, timeout, within }: SyntheticAlertProbeSettings,
  mark: string,
  { websocket, clock }: SyntheticPorts,
  signal: AbortSignal,
): Promise<Hearing | undefined> {
  if (expectMessage === undefined) {
    return undefined;
  }
  const dial = { url: expectMessage.url, timeoutMs: timeout, expectMessage: mark };
  const conversation: { heard?: Promise<Conversation | undefined> } = {};
  const isReady = new Promise<"ready">((resolve) => {
    const told = { ...dial, onReady: () => resolve("ready") };
    conversation.heard = orUndefined(websocket.converse(told, signal), signal);
  });
  const { heard = Promise.resolve(undefined) } = conversation;
  const first = await Promise.race([isReady, heard, over(clock.deadline(within, signal))]);
  signal.throwIfAborted();
  if (first === "ready") {
    return { heard };
  }
  return {
    deaf:
      first === undefined
        ? bad(`nobody could listen for the alert within ${tellDuration(within)}`)
        : readingOfDeaf(first),
  };
}

function readingOfDeaf(conversation: Conversation): Reading {
  switch (conversation.kind) {
    case "local":
      return { kind: "absent", reason: conversation.reason, detail: conversation.detail };
    case "declined":
      return conversation.status === 429
        ? throttled(conversation.headers)
        : bad(
            `nobody can listen for the alert: the handshake was answered with ${conversation.status}`,
          );
    case "failed":
      return bad(`nobody can listen for the alert: ${conversation.detail}`);
    case "fine":
      return bad("the mark was in a message before it was sent");
    default:
      return assertNever(conversation);
  }
}

/** Posts it; what is wrong with the answer, undefined when it was accepted. */
async function post(
  settings: SyntheticAlertProbeSettings,
  mark: string,
  { http }: SyntheticPorts,
  signal: AbortSignal,
): Promise<Reading | undefined> {
  const headers = Object.entries({ "content-type": "application/json", ...settings.headers });
  const answer = await http.ask(
    {
      url: withMark(settings.url, mark),
      method: "POST",
      headers: Object.fromEntries(headers.map(([name, value]) => [name, withMark(value, mark)])),
      body: withMark(JSON.stringify(settings.body), mark),
      timeoutMs: settings.within,
      maxBodyBytes: MAX_BODY_BYTES,
    },
    signal,
  );
  return readingOfPost(answer, settings);
}

function readingOfPost(
  answer: Answer,
  { expectStatus }: SyntheticAlertProbeSettings,
): Reading | undefined {
  switch (answer.kind) {
    case "local":
      return { kind: "absent", reason: answer.reason, detail: answer.detail };
    case "failed": {
      const why = `${FAILURE_WORDS[answer.reason]} (${answer.detail})`;
      // Where nobody answers at all other signals say so; nothing is known of the alerts.
      return answer.reason === "refused" || answer.reason === "unreachable"
        ? {
            kind: "absent",
            reason: "no-metrics",
            detail: `the reading could not be posted: ${why}`,
          }
        : bad(`the reading was not accepted: ${why}`);
    }
    case "answered":
      return readingOfAnswered(answer, expectStatus);
    default:
      return assertNever(answer);
  }
}

function readingOfAnswered(
  answer: Extract<Answer, { kind: "answered" }>,
  expectStatus: readonly number[],
): Reading | undefined {
  const { status, headers } = answer;
  const fault = faultOf(answer, { expectStatus });
  if (fault === undefined) {
    return undefined;
  }
  if (status === 429) {
    return throttled(headers);
  }
  const detail = `the reading was not accepted: ${fault}`;
  return status === 401 || status === 403
    ? { kind: "absent", reason: "credentials", detail }
    : bad(detail);
}

async function awaitMessage(
  heard: Promise<Conversation | undefined>,
  within: number,
  limit: AbortSignal,
): Promise<Shown> {
  const conversation = await Promise.race([heard, over(limit)]);
  if (conversation === undefined) {
    return { kind: "missing", detail: `no message came within ${tellDuration(within)}` };
  }
  if (conversation.kind === "fine") {
    return { kind: "there", detail: "the message came" };
  }
  if (conversation.kind === "failed" && conversation.reason === "oversize") {
    // Much to tell is no silence: our own message may have been behind it.
    return unknown(conversation.detail);
  }
  const reading = readingOfDeaf(conversation);
  return reading.kind === "measured"
    ? { kind: "missing", detail: reading.detail }
    : { kind: "unknown", reading };
}

async function awaitRow(
  { expectRow = "", within, timeout }: SyntheticAlertProbeSettings,
  mark: string,
  { statements, databaseUrl, clock }: SyntheticPorts,
  limit: AbortSignal,
): Promise<Shown> {
  const question = { url: databaseUrl ?? "", sql: expectRow, timeoutMs: timeout };
  const missing: Shown = { kind: "missing", detail: `no row came within ${tellDuration(within)}` };
  for (let isHeard = false; ; isHeard = true) {
    const found = await orUndefined(statements.find(question, mark, limit), limit);
    if (found === undefined) {
      return isHeard ? missing : unknown("the database did not answer whether there is a row");
    }
    const shown = shownBy(found);
    if (shown !== undefined) {
      return shown;
    }
    if (await sleptThrough(clock.sleep(LOOK_AGAIN_MS, limit))) {
      return missing;
    }
  }
}

/** What a look for the row came to; undefined when there is none yet. */
function shownBy(found: FoundAnswer): Shown | undefined {
  switch (found.kind) {
    case "found":
      return { kind: "there", detail: "the row is there" };
    case "fails":
      return { kind: "unknown", reading: readingOfNoAnswer(found) };
    case "nothing":
      return undefined;
    default:
      return assertNever(found);
  }
}

function unknown(detail: string): Shown {
  return { kind: "unknown", reading: { kind: "absent", reason: "no-metrics", detail } };
}

/** What is missing is proven; what is not known proves nothing. */
function outcomeOf(shown: readonly Shown[], tookMs: number): SyntheticOutcome {
  const missing = shown.flatMap((one) => (one.kind === "missing" ? [one.detail] : []));
  if (missing.length > 0) {
    return { reading: bad(`no alert: ${missing.join("; ")}`), settled: false };
  }
  for (const one of shown) {
    if (one.kind === "unknown") {
      return { reading: one.reading, settled: false };
    }
  }
  const detail = `the alert came within ${tellDuration(tookMs)}`;
  return { reading: { kind: "measured", value: 0, detail }, settled: true };
}

function bad(detail: string): Reading {
  return { kind: "measured", value: 1, detail };
}

function withMark(text: string, mark: string): string {
  return text.replaceAll(MARK_HOLDER, mark);
}

/** What a promise comes to; undefined when it was given up with the signal. */
async function orUndefined<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (signal.aborted) {
      return undefined;
    }
    throw error;
  }
}

async function over(signal: AbortSignal): Promise<undefined> {
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) {
      resolve();
    }
  });
  return undefined;
}

/** Whether a sleep was cut short. */
async function sleptThrough(sleep: Promise<void>): Promise<boolean> {
  return sleep.then(
    () => false,
    () => true,
  );
}
