import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { onTestFinished } from "vitest";

/** A mail as its reader has it. */
export interface Mail {
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly subject: string;
  readonly text: string;
  readonly to: readonly string[];
  readonly headers: ReadonlyMap<string, unknown>;
}

/** A mail server on loopback with one account, `rollwatch`, and one mailbox that is there. */
export interface SmtpService {
  readonly port: number;
  readonly mails: readonly Mail[];
}

export const SMTP_PASSWORD = "geheim-%41-geheim";

/** Takes mail until the test has ended. It knows no TLS, refuses `nobody@` for good and `later@` for now. */
export async function startSmtp(): Promise<SmtpService> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === "rollwatch" && password === SMTP_PASSWORD;
      done(isRight ? null : new Error("Invalid username or password"), { user: username });
    },
    onRcptTo: ({ address }, _session, done) => {
      done(refusalOf(address));
    },
    onData: (stream, session, done) => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      simpleParser(stream, {}, (error, mail) => {
        const { messageId = "", inReplyTo = "", subject = "", text = "", headers } = mail;
        mails.push({ messageId, inReplyTo, subject, text, to, headers });
        done(error);
      });
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  const address = server.server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, mails };
}

function refusalOf(address: string): Error | null {
  if (address.startsWith("nobody@")) {
    return reply(550, "5.1.1 no such mailbox");
  }
  return address.startsWith("later@") ? reply(451, "4.7.1 greylisted") : null;
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
