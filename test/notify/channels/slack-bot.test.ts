import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Outgoing } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { SlackBotChannelSettings } from "../../../src/notify/channels/slack-bot.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import {
  SLACK_BOT_TOKEN,
  SLACK_CONVERSATION,
  type PostedMessage,
  startSlackApi,
} from "../../support/services/slack-api.ts";

function slackBot(url: string, timeout = "10s"): Channel {
  const given = { kind: "slack-bot", token: SLACK_BOT_TOKEN, channel: SLACK_CONVERSATION, url };
  const settings = SlackBotChannelSettings.parse({ ...given, timeout });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

async function send(url: string, over: Partial<Outgoing>): Promise<unknown> {
  return slackBot(url).send({ ...aNotice(), ...over }, new AbortController().signal);
}

function read({ header, sections, context }: PostedMessage): string {
  const [urgency, reason] = context.split(" · ");
  return JSON.stringify({ title: header, text: sections.join("\n"), urgency, reason });
}

channelContract("slack-bot", async () => {
  const { url, messages } = await startSlackApi();
  // The first of an incident is also in its thread.
  return {
    channel: slackBot(url),
    arrived: () =>
      messages()
        .filter(({ thread }) => thread === undefined)
        .map(read),
  };
});

httpChannelContract("slack-bot", (origin, timeout) => slackBot(origin, timeout));

describe("the slack-bot channel", () => {
  it("gives the id of the message as the receipt that the others of the incident belong to", async () => {
    const { url, messages } = await startSlackApi();

    const delivery = await send(url, {});

    expect(delivery).toEqual({ kind: "delivered", receipt: messages()[0]?.ts });
  });

  it("shows the newest in the first message and keeps all of them in its thread", async () => {
    const { url, messages } = await startSlackApi();
    await send(url, { id: "n-1", title: "rolling back" });
    const thread = messages()[0]?.ts ?? "";

    await send(url, { id: "n-2", title: "rolled back", urgency: "page", thread });
    await send(url, { id: "n-3", title: "recovered", urgency: "tell", thread });

    expect(messages()).toMatchObject([
      { ts: thread, header: "recovered", thread: undefined },
      { header: "rolling back", thread, isBroadcast: false },
      { header: "rolled back", thread, isBroadcast: true },
      { header: "recovered", thread, isBroadcast: false },
    ]);
  });

  it("asks with buttons in the live message alone, and takes them away with the next notice", async () => {
    const { url, messages } = await startSlackApi();
    await send(url, { id: "n-1" });
    const thread = messages()[0]?.ts ?? "";
    const decision = { plan: "plan-1", hash: "abc" };

    await send(url, { id: "n-2", thread, decision });
    const whileAsked = messages().map(({ buttons }) => buttons);
    await send(url, { id: "n-3", thread });

    expect(whileAsked).toEqual([
      { "rollwatch-approve": "plan-1 abc", "rollwatch-reject": "plan-1 abc" },
      {},
      {},
    ]);
    expect(messages().map(({ buttons }) => buttons)).toEqual([{}, {}, {}, {}]);
  });

  it("writes outside the thread when people deleted its first message", async () => {
    const { url, messages, remove } = await startSlackApi();
    await send(url, { id: "n-1" });
    const thread = messages()[0]?.ts ?? "";
    remove(thread);

    const delivery = await send(url, { id: "n-2", title: "rolled back", thread });

    expect(delivery).toMatchObject({ kind: "delivered" });
    const outside = messages().filter((one) => one.thread === undefined);
    expect(outside).toMatchObject([{ header: "rolled back" }]);
  });

  it("writes nothing into the thread while the live message cannot be changed", async () => {
    const { url, messages, failNext } = await startSlackApi();
    await send(url, { id: "n-1" });
    const thread = messages()[0]?.ts ?? "";
    failNext("chat.update", "ratelimited");

    const delivery = await send(url, { id: "n-2", thread });

    expect(delivery).toMatchObject({ kind: "retry-later", reason: "rate-limited" });
    expect(messages().map(({ header }) => header)).toEqual(["rolling back", "rolling back"]);
  });

  it("has delivered the first notice also where the thread does not take it", async () => {
    const { url, messages, failNext } = await startSlackApi();
    failNext("chat.postMessage", "ratelimited", 1);

    expect(await send(url, { id: "n-1" })).toMatchObject({ kind: "delivered" });
    expect(messages()).toHaveLength(1);
  });

  it("has no thread of what belongs to no incident", async () => {
    const { url, messages } = await startSlackApi();

    await send(url, { incident: null });

    expect(messages()).toHaveLength(1);
  });

  it.each([
    ["ratelimited", "retry-later", "rate-limited"],
    ["internal_error", "retry-later", "server-error"],
    ["not_in_channel", "retry-later", "rejected"],
    ["invalid_auth", "retry-later", "rejected"],
    ["msg_too_long", "refused", "rejected"],
  ])("takes Slack's %s for what it is, though it comes with 200", async (error, kind, reason) => {
    const { url, messages, failNext } = await startSlackApi();
    failNext("chat.postMessage", error);

    const delivery = await send(url, {});

    expect(delivery).toMatchObject({ kind, reason, detail: expect.stringContaining(error) });
    expect(messages()).toEqual([]);
  });

  it("fits a notice of any length into what Slack takes", async () => {
    const { url, messages } = await startSlackApi();

    await send(url, { title: "😀".repeat(200), text: "<&>".repeat(5000) });

    expect(messages()[0]?.header).toMatch(/^(?:😀)+…$/u);
  });
});
