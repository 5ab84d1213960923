import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Delivery, Outgoing } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { TwilioChannelSettings } from "../../../src/notify/channels/twilio.ts";
import { type Clock, openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import { startTwilio, TWILIO, type TwilioService } from "../../support/services/twilio.ts";

/** Looks again at once: how long it waits is the channel's, not the test's. */
function hasty(): Clock {
  const clock = openClock();
  let passed = 0;
  return {
    ...clock,
    monotonic: () => clock.monotonic() + passed,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      passed += ms;
    },
  };
}

function twilio(url: string, how: "message" | "call" = "message", timeout = "10s"): Channel {
  const settings = TwilioChannelSettings.parse({ kind: "twilio", ...TWILIO, how, url, timeout });
  return createChannel("test", settings, { clock: hasty(), log: pino({ enabled: false }) });
}

async function send(
  { url }: TwilioService,
  over: Partial<Outgoing>,
  how?: "message" | "call",
): Promise<Delivery> {
  return twilio(url, how).send({ ...aNotice(), ...over }, new AbortController().signal);
}

/** A message as what it holds of its notice. */
function read(body: string): string {
  const [, urgency = "", title = ""] = /^(PAGE )?(\w+)/u.exec(body) ?? [];
  return JSON.stringify({ title, urgency: urgency === "" ? "tell" : "page" });
}

channelContract(
  "twilio",
  async () => {
    const { url, messages } = await startTwilio();
    return { channel: twilio(url), arrived: () => messages.map(({ Body }) => read(Body)) };
  },
  // A message has 160 characters, and no place for the whole.
  ["title", "urgency"],
);

httpChannelContract("twilio", (origin, timeout) => twilio(origin, "message", timeout));

describe("the twilio channel", () => {
  it("sends one line, with the incident and no more than one part has room for", async () => {
    const service = await startTwilio();
    const title = "radiation-health is down: rolling back to “rel-1”…";

    await send(service, { title, text: `What: ${"system-down ".repeat(30)}\nmore` });

    const Body = service.messages[0]?.Body ?? "";
    expect(service.messages).toEqual([{ From: TWILIO.from, To: TWILIO.to, Body }]);
    expect(Body).toContain(
      'PAGE radiation-health is down: rolling back to "rel-1"... (inc-1). What',
    );
    expect(Body.length).toBeLessThanOrEqual(160);
    expect(Body).toMatch(/\.\.\.$/u);
    // eslint-disable-next-line no-control-regex
    expect(Body).toMatch(/^[\u0020-\u007E]+$/u);
  });

  it("cuts no character in two", async () => {
    const service = await startTwilio();

    await send(service, { title: "😀".repeat(200) });

    expect(service.messages[0]?.Body).toMatch(/^PAGE (?:😀)+\.\.\.$/u);
  });

  it("calls for what wakes somebody, says it twice, and sends a message of the rest", async () => {
    const service = await startTwilio();
    service.goesThrough("queued", "ringing", "in-progress");

    const paged = await send(service, { title: "a < b & c\u0000" }, "call");
    await send(service, { urgency: "tell", title: "news" }, "call");

    expect(paged).toEqual({ kind: "delivered" });
    const say = "<Say>rollwatch. a &lt; b &amp; c .</Say>";
    expect(service.calls).toMatchObject([
      { Twiml: `<Response>${say}<Pause length="1"/>${say}</Response>`, Timeout: 30 },
    ]);
    expect(service.messages).toMatchObject([{ Body: "news (inc-1). it is down" }]);
  });

  it.each(["busy", "no-answer"])(
    "says of a call that ends with %s that nobody answered",
    async (end) => {
      const service = await startTwilio();
      service.goesThrough("queued", "ringing", end);

      const delivery = await send(service, {}, "call");

      expect(delivery).toMatchObject({ kind: "refused", reason: "timeout" });
      expect(service.calls).toHaveLength(1);
    },
  );

  it("says of a message that a network did not take why, and sends it once", async () => {
    const service = await startTwilio();
    service.goesThrough("accepted", "queued", "undelivered");

    const delivery = await send(service, {});

    expect(delivery).toEqual({
      kind: "refused",
      reason: "rejected",
      detail: "undelivered, error 30003",
    });
    expect(service.messages).toHaveLength(1);
  });

  it("takes for delivered what Twilio has, and nobody knows more of for long", async () => {
    const service = await startTwilio();
    service.goesThrough("queued");

    const delivery = await send(service, {});

    expect(delivery).toEqual({ kind: "delivered" });
  });

  it("logs in with an API key of the account where there is one", async () => {
    const service = await startTwilio();
    const apiKey = `SK${"0".repeat(32)}`;
    const parsed = { kind: "twilio", ...TWILIO, apiKey, url: service.url };
    const settings = TwilioChannelSettings.parse(parsed);
    const channel = createChannel("test", settings, {
      clock: hasty(),
      log: pino({ enabled: false }),
    });

    const delivery = await channel.send(aNotice(), new AbortController().signal);

    // This stand-in knows the account's own token alone.
    expect(delivery).toMatchObject({ kind: "retry-later", reason: "rejected" });
    expect(JSON.stringify(delivery)).toContain("20003");
  });
});
