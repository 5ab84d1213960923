import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { NtfyChannelSettings } from "../../../src/notify/channels/ntfy.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import { NTFY, type NtfyMessage, startNtfy } from "../../support/services/ntfy.ts";

function ntfy(url: string, timeout = "10s"): Channel {
  const settings = NtfyChannelSettings.parse({ kind: "ntfy", ...NTFY, url, timeout });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

/** A message as the notice that it was. */
function read({ title, message, priority }: NtfyMessage): string {
  const [text = "", below = ""] = message.split("\n\n");
  const [reason] = below.split(" ");
  return JSON.stringify({ title, text, reason, urgency: priority === 5 ? "page" : "tell" });
}

channelContract("ntfy", async () => {
  const { url, messages } = await startNtfy();
  return { channel: ntfy(url), arrived: () => messages.map(read) };
});

httpChannelContract("ntfy", (origin, timeout) => ntfy(origin, timeout));

describe("the ntfy channel", () => {
  it("fits a notice of any length into what ntfy shows, and ends it with what it is found by", async () => {
    const { url, messages } = await startNtfy();

    const over = { title: "😀".repeat(200), text: "😀".repeat(5000) };
    const delivery = await ntfy(url).send(aNotice(over), new AbortController().signal);

    expect(delivery).toEqual({ kind: "delivered" });
    expect(messages[0]?.title).toMatch(/^(?:😀)+…$/u);
    expect(messages[0]?.message).toMatch(/^(?:😀)+…\n\nrollback-started inc-1 ntc-1$/u);
  });

  it("makes no sound of what only informs", async () => {
    const { url, messages } = await startNtfy();

    await ntfy(url).send(aNotice({ urgency: "tell" }), new AbortController().signal);

    expect(messages).toMatchObject([{ priority: 2, tags: ["information_source"] }]);
  });
});
