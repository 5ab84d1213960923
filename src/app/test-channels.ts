import type { Config } from "../config/schema.ts";
import type { ChannelTest } from "../model/channel-test.ts";
import { messageOf } from "../model/failure.ts";
import type { Notice } from "../model/notice.ts";
import type { Channel } from "../notify/channel.ts";
import { channelTest } from "../notify/notices-people.ts";
import { type Clock, openClock } from "../system/clock.ts";
import { openIds } from "../system/ids.ts";
import { openLog } from "../system/log.ts";
import { channelsOf } from "./loops.ts";

/** Longest time for one channel, in milliseconds: a person waits. */
const SEND_MS = 20_000;
const STDERR = 2;

/** Sends a marked test notice through each of the channels named, past journal and outbox; every answer is told, in their order. */
export async function testChannels(
  config: Config,
  { names, by }: { readonly names: readonly string[]; readonly by: string },
  signal: AbortSignal,
): Promise<readonly ChannelTest[]> {
  const clock = openClock();
  const log = openLog({ level: "info", secrets: config.secrets, fd: STDERR });
  const at = clock.now();
  const id = openIds().next("notice", at);
  const draft = channelTest(config.application.name, { by, id });
  const notice: Notice = { ...draft, id, at, urgency: "page", channels: [...names] };
  const wanted = channelsOf({ config, log, world: { clock } }).filter(({ name }) =>
    names.includes(name),
  );
  return Promise.all(wanted.map(async (channel) => test(channel, notice, { clock, signal })));
}

async function test(
  channel: Channel,
  notice: Notice,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ChannelTest> {
  try {
    const delivery = await channel.send(notice, clock.deadline(SEND_MS, signal));
    return {
      channel: channel.name,
      isDelivered: delivery.kind === "delivered",
      detail: delivery.kind === "delivered" ? "" : `${delivery.reason}: ${delivery.detail}`,
    };
  } catch (error) {
    return { channel: channel.name, isDelivered: false, detail: messageOf(error) };
  }
}
