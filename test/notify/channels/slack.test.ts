import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Notice } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { SlackChannelSettings } from "../../../src/notify/channels/slack.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import { slackUrlAt, startSlack, type SlackMessage } from "../../support/services/slack.ts";

function slack(url: string, timeout = "10s"): Channel {
  const settings = SlackChannelSettings.parse({ kind: "slack", url, timeout });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

async function shown(over: Partial<Notice>): Promise<SlackMessage> {
  const { url, messages } = await startSlack();
  const delivery = await slack(url).send(aNotice(over), new AbortController().signal);
  expect(delivery).toEqual({ kind: "delivered" });
  return (
    messages[0] ?? {
      header: "",
      sections: [],
      context: "",
      preview: "",
      called: ["none"],
      buttons: {},
    }
  );
}

function read({ header, sections, context }: SlackMessage): string {
  const [urgency, reason] = context.split(" · ");
  return JSON.stringify({ title: header, text: sections.join("\n"), urgency, reason });
}

channelContract("slack", async () => {
  const { url, messages } = await startSlack();
  return { channel: slack(url), arrived: () => messages.map(read) };
});

httpChannelContract("slack", (origin, timeout) => slack(slackUrlAt(origin), timeout));

describe("the slack channel", () => {
  it("says what the notice is about, with an incident and without one", async () => {
    expect((await shown({})).context).toBe("page · rollback-started · inc-1 · ntc-1");
    expect((await shown({ incident: null })).context).toBe("page · rollback-started · ntc-1");
  });

  it("has the title for a phone's preview, on one line", async () => {
    const message = await shown({ title: "api\nis down" });

    expect(message).toMatchObject({ preview: "api is down", header: "api is down" });
  });

  it("shows < > & as they are and calls nobody, whatever a notice quotes", async () => {
    const quoted = "<!channel> <@U1> <https://evil.example|good> a && b &lt; @here @channel";

    const { called, sections, header } = await shown({ title: quoted, text: quoted });

    const parted = quoted.replaceAll(/@(?=here|channel)/gu, "@\u2060");
    expect(called).toEqual([]);
    expect(header).toBe(parted);
    expect(sections).toEqual([parted]);
  });

  it("takes a notice that has no text", async () => {
    expect((await shown({ text: "" })).sections).toEqual([]);
  });

  it.each([
    ["letters", "x"],
    ["ampersands", "&"],
    ["families", "👨‍👩‍👧‍👦"],
    ["flags", "🇩🇪"],
  ])("cuts %s to what Slack takes, never within one", async (_name, character) => {
    const long = character.repeat(4000);

    const { header, sections } = await shown({ title: long, text: long });

    for (const text of [header, sections[0] ?? ""]) {
      expect(text.endsWith(`${character}…`)).toBe(true);
      expect(text.replaceAll(character, "")).toBe("…");
    }
  });
});
