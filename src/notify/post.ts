import type { Readable } from "node:stream";
import type { AxiosResponse } from "axios";
import { messageOf } from "../model/failure.ts";
import type { Delivery, DeliveryFailure } from "../model/notice.ts";
import type { Clock } from "../system/clock.ts";

/** One request that carries a notice. Goes there directly: no redirects, no proxy, and no more of the answer than an excerpt. */
export interface Posting {
  /** Kept out of every detail, with all its parts: whoever knows it can post there. */
  readonly url: string;
  /** Default POST; GET and DELETE go without a body. */
  readonly method?: "POST" | "GET" | "DELETE" | "PUT" | "PATCH";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Longest time until the answer is there, in milliseconds. */
  readonly timeoutMs: number;
  /** What else must not be shown of an answer. */
  readonly secrets?: readonly string[];
  /** Whether an answer of 2xx is the service's own; any is without it. A proxy in between may answer 200 with a page of HTML. */
  readonly isTaken?: (status: number, answer: string) => boolean;
  /** In place of `isTaken`, what an answer of 2xx says became of it; undefined where it is not the service's own. */
  readonly readAnswer?: (answer: string) => Delivery | undefined;
}

/**
 * Bad request, gone, too large, unprocessable: the same notice will never be taken. Any other refusal may come from a receiver that is
 * being redeployed (404 of its proxy, 401 before it has its keys) and must not lose a page.
 */
const FINAL: ReadonlySet<number> = new Set([400, 410, 413, 422]);

/** The second is an older one for the same, which Statuspage still uses. */
const TOO_OFTEN: ReadonlySet<number> = new Set([429, 420]);

const BODILESS: ReadonlySet<string> = new Set(["GET", "DELETE"]);

/** Characters of a refusing answer that are kept as evidence. */
const MAX_EXCERPT = 200;

/** Of these the excerpt is made: what is concealed must not be cut in two by it. */
const MAX_READ = 4096;

/** Of an answer that says what became of the notice; Slack's repeats the message. */
const MAX_ANSWER = 256 * 1024;

/** Posts it and says what became of it; rethrows when the signal aborts. */
export async function post(posting: Posting, clock: Clock, signal: AbortSignal): Promise<Delivery> {
  signal.throwIfAborted();
  const deadline = clock.deadline(posting.timeoutMs, signal);
  const conceal = concealing(posting);
  try {
    // Not before the first notice: with what it brings along it takes about ten MiB.
    const { default: axios } = await import("axios");
    const { method = "POST", url, body } = posting;
    const response = await axios.request<Readable>({
      url,
      method,
      ...(BODILESS.has(method) ? {} : { data: body }),
      headers: { "user-agent": "rollwatch", ...posting.headers },
      signal: deadline,
      responseType: "stream",
      maxRedirects: 0,
      proxy: false,
      validateStatus: () => true,
    });
    const { status } = response;
    if (status >= 200 && status < 300) {
      return await taken(response, posting, conceal);
    }
    const detail = `HTTP ${status} ${excerpt(await read(response.data), conceal)}`.trim();
    return { ...refusal(status), detail, ...afterOf(response, clock.now()) };
  } catch (error) {
    signal.throwIfAborted();
    return unanswered(conceal(messageOf(error)), error, deadline.aborted);
  }
}

async function taken(
  { status, data }: AxiosResponse<Readable>,
  { isTaken, readAnswer }: Posting,
  conceal: Conceal,
): Promise<Delivery> {
  if (readAnswer !== undefined) {
    const text = await read(data, MAX_ANSWER);
    return readAnswer(text) ?? foreign(status, text, conceal);
  }
  if (isTaken === undefined) {
    data.destroy();
    return { kind: "delivered" };
  }
  const answer = await read(data);
  if (isTaken(status, answer)) {
    return { kind: "delivered" };
  }
  return foreign(status, answer, conceal);
}

function foreign(status: number, answer: string, conceal: Conceal): Delivery {
  const detail = `HTTP ${status}, but not from the service itself: ${excerpt(answer, conceal)}`;
  return { kind: "retry-later", reason: "unknown", detail: detail.trim() };
}

function refusal(
  status: number,
): Pick<Exclude<Delivery, { kind: "delivered" }>, "kind" | "reason"> {
  if (TOO_OFTEN.has(status)) {
    return { kind: "retry-later", reason: "rate-limited" };
  }
  if (status >= 500) {
    return { kind: "retry-later", reason: "server-error" };
  }
  const isFinal = status < 400 || FINAL.has(status);
  return { kind: isFinal ? "refused" : "retry-later", reason: "rejected" };
}

/** `Retry-After` in seconds or as a date; nothing when it is neither. */
function afterOf(response: AxiosResponse, now: number): { readonly afterMs?: number } {
  const text = String(response.headers["retry-after"] ?? "").trim();
  const afterMs = /^\d+$/u.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(afterMs) ? { afterMs: Math.max(afterMs, 0) } : {};
}

/** Takes out of a text what it gives away of the address and its secrets. */
export type Conceal = (text: string) => string;

/** A shorter part of an address says nothing. */
const SHORTEST_PART = 4;

/** Bytes of a secret that are looked for in base64; fewer stand in many a text. */
const SHORTEST_ENCODED = 6;

/** Receivers echo what they were asked for, such as `Cannot POST /services/T0/abc`; whoever knows that can post there. */
export function concealing({
  url: address,
  secrets = [],
}: Pick<Posting, "url" | "secrets">): Conceal {
  const url = new URL(address);
  const { pathname, search, searchParams, username, password } = url;
  const raw = [address, url.href, `${pathname}${search}`, pathname, search, search.slice(1)];
  const parts = [...pathname.split("/"), ...search.slice(1).split(/[&=]/u), username, password];
  const hidden = [...raw, ...parts, ...searchParams.values(), ...secrets]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length >= SHORTEST_PART)
    .toSorted((one, other) => other.length - one.length);
  const encoded = [username, password, ...secrets].flatMap((one) => inBase64(decoded(one)));
  return (text) => {
    let shown = text;
    for (const part of hidden) {
      shown = shown.replaceAll(part, "***");
    }
    for (const part of encoded) {
      shown = shown.replaceAll(part, "***");
    }
    return shown;
  };
}

/**
 * Finds a secret within what was encoded as a whole, as logins are (RFC 7617, RFC 4616): the same three bytes are the same four letters,
 * so that what does not depend on its neighbours looks alike in one of three ways.
 */
function inBase64(secret: string): readonly RegExp[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const from = (3 - before) % 3;
    const whole = bytes.subarray(from, from + Math.floor((bytes.length - from) / 3) * 3);
    return whole.length < SHORTEST_ENCODED
      ? []
      : [new RegExp(`[\\w+/-]*${escaped(whole.toString("base64"))}[\\w+/-]*=*`, "gu")];
  });
}

function escaped(base64: string): string {
  return base64.replaceAll("+", String.raw`[+-]`).replaceAll("/", "[/_]");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As much of an answer as is looked at. A cut one changes nothing: its status is what counts. */
async function read(answer: Readable, most = MAX_READ): Promise<string> {
  let text = "";
  try {
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.length >= most) {
        break; // Leaving the loop destroys the stream: the rest is never read.
      }
    }
  } catch {
    return text.slice(0, most);
  }
  return text.slice(0, most);
}

function excerpt(answer: string, conceal: Conceal): string {
  return conceal(answer).slice(0, MAX_EXCERPT).replaceAll(/\s+/gu, " ");
}

function unanswered(detail: string, error: unknown, isTimeout: boolean): Delivery {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason: DeliveryFailure = isTimeout
    ? "timeout"
    : code === "ECONNREFUSED" || code === "ECONNRESET"
      ? "refused"
      : "unknown";
  return { kind: "retry-later", reason, detail };
}
