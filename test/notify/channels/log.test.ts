import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { channelContract, type ChannelUnderTest } from "../../contracts/channel.ts";
import { aNotice } from "../../support/builders.ts";
import { createManualClock } from "../../support/fakes/clock.ts";

async function open(): Promise<ChannelUnderTest> {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const channel = createChannel("test", { kind: "log" }, { clock: createManualClock(), log });
  return { channel, arrived: () => lines };
}

channelContract("log", open);

describe("the log channel", () => {
  it.each([
    ["page", 40],
    ["tell", 30],
  ] as const)("writes a %s at level %i", async (urgency, level) => {
    const { channel, arrived } = await open();

    await channel.send(aNotice({ urgency }), new AbortController().signal);

    expect(JSON.parse(arrived()[0] ?? "")).toMatchObject({ level, notice: "ntc-1", msg: "notice" });
  });
});
