import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Notice } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { TeamsChannelSettings } from "../../../src/notify/channels/teams.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import { startHttpService } from "../../support/services/http-service.ts";
import { startTeams, type TeamsCard, teamsUrlAt } from "../../support/services/teams.ts";

function teams(url: string, timeout = "10s"): Channel {
  const settings = TeamsChannelSettings.parse({ kind: "teams", url, timeout });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

async function shown(over: Partial<Notice>): Promise<TeamsCard | undefined> {
  const { url, cards } = await startTeams();
  const delivery = await teams(url).send(aNotice(over), new AbortController().signal);
  expect(delivery).toEqual({ kind: "delivered" });
  return cards[0];
}

function read({ texts: [title, ...text], facts }: TeamsCard): string {
  const { Urgency: urgency, Reason: reason } = facts;
  return JSON.stringify({ title, text: text.join("\n"), urgency, reason });
}

channelContract("teams", async () => {
  const { url, cards } = await startTeams();
  return { channel: teams(url), arrived: () => cards.map(read) };
});

httpChannelContract("teams", (origin, timeout) => teams(teamsUrlAt(origin), timeout));

describe("the teams channel", () => {
  it("says what the notice is about, with an incident and without one", async () => {
    expect((await shown({}))?.facts).toMatchObject({ Incident: "inc-1", Notice: "ntc-1" });
    expect((await shown({ incident: null }))?.facts).not.toHaveProperty("Incident");
  });

  it("takes a notice that has no text, and a title of two lines for one", async () => {
    expect((await shown({ title: "api\nis down", text: "" }))?.texts).toEqual(["api is down"]);
  });

  it.each(["x", '"', "ü", "👨‍👩‍👧‍👦", "\u0001"])(
    "fits any number of %j into 28 kB",
    async (character) => {
      const long = character.repeat(30_000);

      const card = await shown({ title: long, text: long });

      expect(card?.texts).toHaveLength(2);
      for (const text of card?.texts ?? []) {
        expect(text.replaceAll(character, "")).toBe("…");
      }
    },
  );

  it("does not take a failure that is answered with 200 for delivery", async () => {
    const body = "Webhook message delivery failed with error: HTTP error 429";
    const { url } = await startHttpService(() => ({ status: 200, body }));

    const delivery = await teams(teamsUrlAt(url)).send(aNotice(), new AbortController().signal);

    expect(delivery).toMatchObject({ kind: "retry-later", detail: expect.stringContaining(body) });
  });
});
