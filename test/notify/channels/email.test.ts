import { createServer, type Server } from "node:net";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Delivery, Outgoing } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { EmailChannelSettings } from "../../../src/notify/channels/email.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { aNotice } from "../../support/builders.ts";
import { type Mail, SMTP_PASSWORD, startSmtp } from "../../support/services/smtp.ts";

const ACCOUNT = `rollwatch:${encodeURIComponent(SMTP_PASSWORD)}@`;

interface Given {
  readonly account?: string;
  readonly to?: readonly string[];
  readonly tls?: "required";
  readonly timeout?: string;
}

function email(port: number, given: Given = {}): Channel {
  const { account = ACCOUNT, to = ["ada@example.com"], tls = "off", timeout = "10s" } = given;
  const settings = EmailChannelSettings.parse({
    kind: "email",
    url: `smtp://${account}127.0.0.1:${port}`,
    from: "rollwatch@example.com",
    to,
    tls,
    timeout,
  });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

async function send(
  port: number,
  over: Partial<Outgoing> = {},
  given: Given = {},
): Promise<Delivery> {
  return email(port, given).send({ ...aNotice(), ...over }, new AbortController().signal);
}

function read({ subject, text, headers }: Mail): string {
  return JSON.stringify({
    title: subject,
    text: text.split("\n\n-- \n")[0],
    reason: headers.get("x-rollwatch-reason"),
    urgency: headers.get("x-rollwatch-urgency"),
  });
}

channelContract("email", async () => {
  const { port, mails } = await startSmtp();
  return { channel: email(port), arrived: () => mails.map(read) };
});

describe("the email channel", () => {
  it("writes to everybody who is named, and says at its end what it is about", async () => {
    const { port, mails } = await startSmtp();

    await send(port, {}, { to: ["ada@example.com", "bo@example.com"] });

    expect(mails).toMatchObject([{ to: ["ada@example.com", "bo@example.com"] }]);
    expect(mails[0]?.text).toContain("page · rollback-started · inc-1 · ntc-1");
  });

  it("has nobody's absence answered to it, and what wakes somebody is urgent", async () => {
    const { port, mails } = await startSmtp();

    await send(port, { urgency: "page" });
    await send(port, { urgency: "tell" });

    expect(mails.map(({ headers }) => headers.get("auto-submitted"))).toEqual([
      "auto-generated",
      "auto-generated",
    ]);
    expect(mails.map(({ headers }) => headers.get("priority"))).toEqual(["high", undefined]);
  });

  it("gives the Message-ID as the receipt, which the other mails of the incident answer to", async () => {
    const { port, mails } = await startSmtp();

    const first = await send(port, { dedupKey: "one" });
    const thread = first.kind === "delivered" ? first.receipt : undefined;
    await send(port, { dedupKey: "two", ...(thread === undefined ? {} : { thread }) });

    expect(mails.map(({ messageId }) => messageId)).toEqual([
      thread,
      expect.not.stringMatching(thread ?? ""),
    ]);
    expect(mails[1]?.inReplyTo).toBe(thread);
  });

  it("has the same Message-ID when it is sent again", async () => {
    const { port, mails } = await startSmtp();

    await send(port, { dedupKey: "one" });
    await send(port, { dedupKey: "one" });

    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
  });

  it("lets no title become a header", async () => {
    const { port, mails } = await startSmtp();

    await send(port, { title: "down\r\nBcc: evil@example.com\r\n\r\nbody" });

    expect(mails).toMatchObject([
      { subject: "down Bcc: evil@example.com body", to: ["ada@example.com"] },
    ]);
  });

  it.each([
    ["a mailbox that is not there", { to: ["nobody@example.com"] }, "refused", "rejected"],
    ["a server that asks to wait", { to: ["later@example.com"] }, "retry-later", "server-error"],
    ["a wrong password", { account: "rollwatch:geheim@" }, "retry-later", "rejected"],
    ["a server without encryption", { tls: "required" }, "retry-later", "rejected"],
  ] as const)("takes %s for what it is", async (_what, given, kind, reason) => {
    const { port, mails } = await startSmtp();

    const delivery = await send(port, {}, given);

    expect(delivery).toMatchObject({ kind, reason });
    expect(JSON.stringify(delivery)).not.toContain("geheim");
    expect(mails).toEqual([]);
  });

  it("is not delivered while one of several has not got it", async () => {
    const { port, mails } = await startSmtp();

    const later = await send(port, {}, { to: ["ada@example.com", "later@example.com"] });
    const never = await send(port, {}, { to: ["ada@example.com", "nobody@example.com"] });

    expect(later).toMatchObject({ kind: "retry-later", reason: "server-error" });
    expect(never).toMatchObject({
      kind: "refused",
      detail: expect.stringContaining("nobody@example.com"),
    });
    expect(mails).toHaveLength(2);
  });

  it("tries again later when nobody listens", async () => {
    const gone = createServer();
    const free = await portOf(gone);
    await new Promise((resolve) => gone.close(resolve));

    expect(await send(free)).toMatchObject({ kind: "retry-later", reason: "refused" });
  });

  it("tries again later when the server says nothing", async () => {
    const silent = createServer(() => undefined);
    const port = await portOf(silent);

    expect(await send(port, {}, { timeout: "100ms" })).toMatchObject({
      kind: "retry-later",
      reason: "timeout",
    });
  });

  it("tries again later when the connection breaks within the mail", async () => {
    const replies = ["250 hello", "250 from", "250 to", "354 go on"];
    const breaking = createServer((socket) => {
      socket.write("220 ready\r\n");
      socket.on("error", () => undefined);
      socket.on("data", () => {
        const reply = replies.shift();
        if (reply === undefined) {
          socket.destroy();
        } else {
          socket.write(`${reply}\r\n`);
        }
      });
    });
    const delivery = await send(await portOf(breaking), {}, { account: "" });

    expect(delivery).toMatchObject({ kind: "retry-later", reason: "refused" });
  });
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
