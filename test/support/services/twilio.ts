import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type ServiceAnswer, type ServiceRequest, startHttpService } from "./http-service.ts";

export const TWILIO = {
  account: `AC${"0123456789abcdef".repeat(2)}`,
  secret: "geheim0123456789",
  from: "+4915100000001",
  to: "+4915100000002",
} as const;

const LOGIN = `Basic ${Buffer.from(`${TWILIO.account}:${TWILIO.secret}`).toString("base64")}`;
const FORM = "application/x-www-form-urlencoded";

const E164 = z.string().regex(/^\+[1-9]\d{1,14}$/u);
/** https://www.twilio.com/docs/messaging/api/message-resource: a body of up to 1600 characters. */
const Message = z.strictObject({ To: E164, From: E164, Body: z.string().min(1).max(1600) });
/** https://www.twilio.com/docs/voice/api/call-resource: TwiML of up to 4000 characters, which must be XML. */
const Call = z.strictObject({
  To: E164,
  From: E164,
  Twiml: z
    .string()
    .max(4000)
    .regex(/^<Response>(?:<Say>[^<>]*<\/Say>|<Pause length="1"\/>)+<\/Response>$/u)
    .refine((text) => !/&(?!amp;|lt;|gt;)/u.test(text)),
  Timeout: z.coerce.number().int().min(5).max(600),
});

const PATH =
  /^\/2010-04-01\/Accounts\/AC(?:0123456789abcdef){2}\/(?<kind>Messages|Calls)(?:\/(?<sid>(?:SM|CA)[0-9a-f]{32}))?\.json$/u;

/** Twilio's Messages and Calls with one account. */
export interface TwilioService {
  readonly url: string;
  /** What was sent, in order. */
  readonly messages: readonly z.infer<typeof Message>[];
  /** What was called, in order. */
  readonly calls: readonly z.infer<typeof Call>[];
  /** Has what is sent from now on go through these states, the last one for ever; each look is one further. Default queued, sent. */
  goesThrough(...states: readonly string[]): void;
}

/** Takes messages and calls until the test has ended. */
export async function startTwilio(): Promise<TwilioService> {
  const messages: z.infer<typeof Message>[] = [];
  const calls: z.infer<typeof Call>[] = [];
  const looks = new Map<string, number>();
  let states: readonly string[] = ["queued", "sent"];

  function resource(sid: string): ServiceAnswer {
    const look = looks.get(sid) ?? 0;
    looks.set(sid, look + 1);
    const status = states[Math.min(look, states.length - 1)];
    const code = status === "undelivered" ? 30_003 : null;
    const body = JSON.stringify({ sid, status, error_code: code });
    return { status: look === 0 ? 201 : 200, body };
  }

  function create(kind: string, body: string): ServiceAnswer {
    const form = Object.fromEntries(new URLSearchParams(body));
    const read = kind === "Calls" ? Call.safeParse(form) : Message.safeParse(form);
    if (!read.success) {
      return problem(400, 21_602, z.prettifyError(read.error));
    }
    if ("Body" in read.data) {
      messages.push(read.data);
    } else {
      calls.push(read.data);
    }
    return resource(`${kind === "Calls" ? "CA" : "SM"}${randomBytes(16).toString("hex")}`);
  }

  function answer({ method, path, headers, body }: ServiceRequest): ServiceAnswer {
    const { kind = "", sid = "" } = PATH.exec(path)?.groups ?? {};
    if (headers.authorization !== LOGIN) {
      return problem(401, 20_003, "Authenticate");
    }
    if (method === "POST" && sid === "" && headers["content-type"] === FORM) {
      return create(kind, body);
    }
    return looks.has(sid) ? resource(sid) : problem(404, 20_404, "The resource was not found");
  }

  const { url } = await startHttpService(answer);
  return {
    url,
    messages,
    calls,
    goesThrough: (...next) => {
      states = next;
    },
  };
}

function problem(status: number, code: number, message: string): ServiceAnswer {
  return { status, body: JSON.stringify({ code, message, status }) };
}
