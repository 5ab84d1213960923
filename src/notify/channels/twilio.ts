import { z } from "zod";
import type { Delivery, Outgoing } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { fit } from "../fit.ts";
import { post, type Posting } from "../post.ts";

/** A number as the world writes it, ITU-T E.164. */
const Telephone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/u, "expected a number such as +4915112345678");

/** Sends text messages by Twilio; with `how: call` it calls for what wakes somebody, and sends a message for the rest. */
export const TwilioChannelSettings = z.strictObject({
  kind: z.literal("twilio"),
  /** The account's id. */
  account: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/u, "expected an account such as AC0123…, of 34 letters and digits"),
  /** The id of an API key of this account, whose secret `secret` is. Default none: the secret is the account's token. */
  apiKey: z
    .string()
    .regex(/^SK[0-9a-f]{32}$/u, "expected a key such as SK0123…, of 34 letters and digits")
    .optional(),
  secret: z.string().min(16),
  /** The number that it comes from. */
  from: Telephone,
  /** The number of who gets it: a channel is one person. */
  to: Telephone,
  how: z.enum(["message", "call"]).default("message"),
  /** Twilio's origin. Default https://api.twilio.com. */
  url: z.url({ protocol: /^https?$/u }).default("https://api.twilio.com"),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type TwilioChannelSettings = z.infer<typeof TwilioChannelSettings>;

/** Characters of a message: as many as one part has in GSM's own alphabet, GSM 03.38. */
const MAX_MESSAGE = 160;
/** Characters that are read to somebody; half a minute. */
const MAX_SPOKEN = 400;
/** So long a telephone rings, in seconds. */
const RINGING_S = 30;
/** Time between two looks at what became of a message or a call, in milliseconds. */
const LOOK_MS = 3000;
/** So long it is looked after, in milliseconds: a call rings, and a network says what it did with a message. */
const WATCH_MS = { message: 9000, call: 45_000 } as const;

/** What Twilio says became of it: docs/sms/api/message-resource#message-status-values, docs/voice/api/call-resource#call-status-values. */
const ARRIVED: ReadonlySet<string> = new Set([
  "sent",
  "delivered",
  "read",
  "in-progress",
  "completed",
]);
const LOST: ReadonlySet<string> = new Set(["undelivered", "failed", "canceled"]);
const UNANSWERED: ReadonlySet<string> = new Set(["busy", "no-answer"]);

const Resource = z.object({
  sid: z.string().regex(/^(SM|MM|CA)[0-9a-f]{32}$/u),
  status: z.string(),
  error_code: z.union([z.number(), z.string()]).nullish(),
});
type Resource = z.infer<typeof Resource>;

type How = TwilioChannelSettings["how"];
const PATHS: Readonly<Record<How, string>> = { message: "Messages", call: "Calls" };

/** One request to Twilio, and what it says of the message or call. */
interface Answered {
  readonly delivery: Delivery;
  /** Absent where the answer was not Twilio's. */
  readonly resource?: Resource;
}

/** Asks Twilio; without a form it only reads. */
type Ask = (path: string, form: string | undefined, signal: AbortSignal) => Promise<Answered>;

/** A channel to one telephone. Twilio knows no key of ours: what is sent twice comes twice, with the same words. */
export function createTwilioChannel(
  name: string,
  settings: TwilioChannelSettings,
  clock: Clock,
): Channel {
  const ask = openTwilio(settings, clock);
  const { from, to, how } = settings;
  return {
    name,
    send: async (notice, signal) => {
      const kind = notice.urgency === "page" ? how : "message";
      const form = new URLSearchParams({ To: to, From: from, ...wordsOf(kind, notice) });
      const { resource, delivery } = await ask(PATHS[kind], form.toString(), signal);
      return resource === undefined
        ? delivery
        : watch({ kind, begun: resource, ask, clock }, signal);
    },
  };
}

function openTwilio(
  { account, apiKey = account, secret, url, timeout: timeoutMs }: TwilioChannelSettings,
  clock: Clock,
): Ask {
  const login = Buffer.from(`${apiKey}:${secret}`).toString("base64");
  const base = `${url.replace(/\/+$/u, "")}/2010-04-01/Accounts/${account}`;
  const headers = {
    authorization: `Basic ${login}`,
    "content-type": "application/x-www-form-urlencoded",
  };
  return async (path, form, signal) => {
    let resource: Resource | undefined;
    const asked = {
      url: `${base}/${path}.json`,
      method: form === undefined ? "GET" : "POST",
      body: form ?? "",
      headers,
      timeoutMs,
      secrets: [secret, login],
      readAnswer: (answer) => {
        resource = resourceOf(answer);
        return resource === undefined ? undefined : { kind: "delivered" };
      },
    } satisfies Posting;
    const delivery = await post(asked, clock, signal);
    return resource === undefined ? { delivery } : { delivery, resource };
  };
}

/** Asks until it is known what became of it, or nobody will know soon: then Twilio has it, and goes on. */
async function watch(
  {
    kind,
    begun,
    ask,
    clock,
  }: {
    readonly kind: How;
    readonly begun: Resource;
    readonly ask: Ask;
    readonly clock: Clock;
  },
  signal: AbortSignal,
): Promise<Delivery> {
  const end = clock.monotonic() + WATCH_MS[kind];
  let known = begun;
  for (;;) {
    const outcome = outcomeOf(known);
    if (outcome !== undefined || clock.monotonic() + LOOK_MS > end) {
      return outcome ?? { kind: "delivered" };
    }
    await clock.sleep(LOOK_MS, signal);
    const { resource } = await ask(`${PATHS[kind]}/${begun.sid}`, undefined, signal);
    known = resource ?? known;
  }
}

function resourceOf(answer: string): Resource | undefined {
  try {
    return Resource.safeParse(JSON.parse(answer)).data;
  } catch {
    return undefined;
  }
}

function outcomeOf({ status, error_code: code }: Resource): Delivery | undefined {
  if (ARRIVED.has(status)) {
    return { kind: "delivered" };
  }
  if (UNANSWERED.has(status)) {
    return { kind: "refused", reason: "timeout", detail: `nobody answered: ${status}` };
  }
  const why = code === undefined || code === null ? status : `${status}, error ${code}`;
  return LOST.has(status) ? { kind: "refused", reason: "rejected", detail: why } : undefined;
}

function wordsOf(kind: How, notice: Outgoing): Readonly<Record<string, string>> {
  return kind === "call"
    ? { Twiml: spoken(notice), Timeout: String(RINGING_S) }
    : { Body: written(notice) };
}

/** One line, so that it is one part: what is wrong, and where to read on. */
function written({ urgency, title, text, incident }: Outgoing): string {
  const mark = urgency === "page" ? "PAGE " : "";
  const where = incident === null ? "" : ` (${incident})`;
  const [first = ""] = text.split("\n");
  const line = plain(`${mark}${title}${where}. ${first}`);
  // An ellipsis is no character of GSM's alphabet; three full stops are three more of the room.
  return fit(line, { max: MAX_MESSAGE - 2 }).replaceAll("…", "...");
}

/** Twice, since people are asleep, and no more than what is wrong: https://www.twilio.com/docs/voice/twiml/say. */
function spoken({ title }: Outgoing): string {
  const words = fit(plain(title), { max: MAX_SPOKEN, encode: asXml });
  const say = `<Say>rollwatch. ${words}.</Say>`;
  return `<Response>${say}<Pause length="1"/>${say}</Response>`;
}

/** Without what only looks nice, and has no place in GSM's alphabet. */
function plain(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .replaceAll("…", "...")
    .replaceAll(/[‘’]/gu, "'")
    .replaceAll(/[“”]/gu, '"')
    .replaceAll(/[–—]/gu, "-");
}

const XML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function asXml(text: string): string {
  // Control characters have no place in XML 1.0, however they are written.
  return text.replaceAll(/[\p{Cc}\p{Cs}]/gu, " ").replaceAll(/[&<>]/gu, (one) => XML[one] ?? one);
}
