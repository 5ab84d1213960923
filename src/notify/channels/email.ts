import { createHash } from "node:crypto";
import { z } from "zod";
import { messageOf } from "../../model/failure.ts";
import type { Delivery, Outgoing } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { fit } from "../fit.ts";
import { concealing, type Conceal } from "../post.ts";

/** Sends notices as mail by SMTP; all notices of an incident are one thread. */
export const EmailChannelSettings = z.strictObject({
  kind: z.literal("email"),
  /** The mail server: `smtps://user:password@host` (TLS at once) or `smtp://user:password@host:587` (STARTTLS). */
  url: z.url({
    protocol: /^smtps?$/u,
    error: "expected an address such as smtps://user:password@mail.example.com",
  }),
  /** Whom it is from. */
  from: z.email("expected an address such as rollwatch@example.com"),
  /** Who gets it. */
  to: z.array(z.email("expected an address such as ada@example.com")).min(1),
  /** `off` sends, and logs in, unencrypted over `smtp://`: for a mail server on this machine. Default required. */
  tls: z.enum(["required", "off"]).default("required"),
  /** Longest time for one delivery. Default 30s. */
  timeout: PositiveDuration.prefault("30s"),
});
export type EmailChannelSettings = z.infer<typeof EmailChannelSettings>;

/** Characters of a subject; RFC 5322 takes 998 in a line, phones show some 40. */
const MAX_SUBJECT = 200;

/** Characters of a text: no report, but no server's limit either. */
const MAX_TEXT = 100_000;

/** What a server said of a recipient, or of the whole mail. */
const SmtpProblem = z.object({
  code: z.string().optional(),
  /** Of the reply; RFC 5321: 4xx may pass, 5xx will not. */
  responseCode: z.number().optional(),
});
type SmtpProblem = z.infer<typeof SmtpProblem>;

/** A channel that sends one mail per notice. A notice that is sent twice has the same Message-ID. */
export function createEmailChannel(
  name: string,
  settings: EmailChannelSettings,
  clock: Clock,
): Channel {
  const conceal = concealing(settings);
  return {
    name,
    send: async (notice, signal) => {
      signal.throwIfAborted();
      const deadline = clock.deadline(settings.timeout, signal);
      try {
        return await sendMail(notice, { settings, conceal }, deadline);
      } catch (error) {
        signal.throwIfAborted();
        const detail = conceal(messageOf(error));
        return deadline.aborted
          ? { kind: "retry-later", reason: "timeout", detail: "the mail server took too long" }
          : { ...outcomeOf(problemOf(error)), detail };
      }
    },
  };
}

interface MailParts {
  readonly settings: EmailChannelSettings;
  readonly conceal: Conceal;
}

/** Over a connection of its own: pages are rare, and one that idles is closed by the server. */
async function sendMail(
  notice: Outgoing,
  { settings, conceal }: MailParts,
  signal: AbortSignal,
): Promise<Delivery> {
  const { default: nodemailer } = await import("nodemailer");
  const transport = nodemailer.createTransport(transportOf(settings));
  const mail = mailOf(notice, settings);
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    const { rejected, rejectedErrors = [] } = await Promise.race([
      transport.sendMail(mail),
      aborted,
    ]);
    const [first] = rejectedErrors;
    if (first === undefined) {
      return { kind: "delivered", receipt: mail.messageId };
    }
    const passing = rejectedErrors.find((one) => outcomeOf(problemOf(one)).kind === "retry-later");
    const told = passing ?? first;
    const detail = `not to ${rejected.join(", ")}: ${messageOf(told)}`;
    return { ...outcomeOf(problemOf(told)), detail: conceal(detail) };
  } finally {
    transport.close();
  }
}

function transportOf({ url: address, tls, timeout }: EmailChannelSettings): object {
  const { protocol, hostname, port, username, password } = new URL(address);
  const secure = protocol === "smtps:";
  return {
    host: hostname.replaceAll(/[[\]]/gu, ""),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: tls === "required",
    ignoreTLS: tls === "off",
    ...(username === ""
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function mailOf(notice: Outgoing, { from, to }: EmailChannelSettings): MailOf {
  const { id, dedupKey, reason, urgency, incident, title, text, thread } = notice;
  const about = [urgency, reason, ...(incident === null ? [] : [incident]), id].join(" · ");
  return {
    from,
    to: [...to],
    subject: fit(title.replaceAll(/\s+/gu, " "), { max: MAX_SUBJECT }),
    text: `${fit(text, { max: MAX_TEXT })}\n\n-- \n${about}\n`,
    messageId: messageIdOf(dedupKey, from),
    priority: urgency === "page" ? "high" : "normal",
    headers: {
      // RFC 3834: nobody's absence is answered to it.
      "Auto-Submitted": "auto-generated",
      "X-Rollwatch-Notice": id,
      "X-Rollwatch-Reason": reason,
      "X-Rollwatch-Urgency": urgency,
    },
    ...(thread === undefined ? {} : { inReplyTo: thread, references: [thread] }),
  };
}

/** What nodemailer is given. */
interface MailOf {
  readonly from: string;
  readonly to: string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly priority: "high" | "normal";
  readonly headers: Record<string, string>;
  readonly inReplyTo?: string;
  readonly references?: string[];
}

function messageIdOf(dedupKey: string, from: string): string {
  const digest = createHash("sha256").update(dedupKey).digest("hex").slice(0, 40);
  return `<${digest}@${from.slice(from.lastIndexOf("@") + 1)}>`;
}

function problemOf(error: unknown): SmtpProblem {
  return SmtpProblem.safeParse(error).data ?? {};
}

/** A wrong password or a missing encryption can be mended while the notice waits; a 5xx to the mail itself cannot. */
function outcomeOf({
  code,
  responseCode = 0,
}: SmtpProblem): Pick<Exclude<Delivery, { kind: "delivered" }>, "kind" | "reason"> {
  if (code === "EAUTH" || code === "ETLS" || code === "ENOAUTH") {
    return { kind: "retry-later", reason: "rejected" };
  }
  if (responseCode >= 500) {
    return { kind: "refused", reason: "rejected" };
  }
  if (responseCode >= 400) {
    return { kind: "retry-later", reason: "server-error" };
  }
  const reason =
    code === "ETIMEDOUT"
      ? "timeout"
      : code === "ECONNECTION" || code === "ESOCKET"
        ? "refused"
        : "unknown";
  return { kind: "retry-later", reason };
}
