import type { Entry } from "../model/facts.ts";
import type { Notice } from "../model/notice.ts";

/** What became of a notice at one channel. */
export interface ChannelDelivery {
  readonly channel: string;
  readonly outcome: "delivered" | "given-up" | "waiting";
  /** When it was delivered or given up; null while it waits. */
  readonly at: number | null;
  /** Tries that failed, each with the channel's reason, oldest first. */
  readonly failures: readonly string[];
}

/** A notice of the incident with all its deliveries. */
export interface ToldNotice extends Pick<
  Notice,
  "id" | "at" | "reason" | "urgency" | "title" | "text"
> {
  readonly deliveries: readonly ChannelDelivery[];
}

/** What people were told, oldest first, and whether it reached them. */
export function noticesOf(own: readonly Entry[]): readonly ToldNotice[] {
  return own.flatMap(({ fact }) => {
    if (fact.kind !== "notice-queued") {
      return [];
    }
    const { id, at, reason, urgency, title, text, channels } = fact.notice;
    const deliveries = channels.map((channel) => deliveryOf(own, id, channel));
    return [{ id, at, reason, urgency, title, text, deliveries }];
  });
}

function deliveryOf(own: readonly Entry[], notice: string, channel: string): ChannelDelivery {
  const failures: string[] = [];
  let delivery: Pick<ChannelDelivery, "outcome" | "at"> = { outcome: "waiting", at: null };
  for (const { at, fact } of own) {
    const isDelivered = fact.kind === "notice-delivered";
    if (!isDelivered && fact.kind !== "notice-failed") {
      continue;
    }
    if (fact.notice !== notice || fact.channel !== channel) {
      continue;
    }
    if (isDelivered) {
      delivery = { outcome: "delivered", at };
      continue;
    }
    failures.push(`${fact.reason}: ${fact.detail}`);
    delivery = fact.retryAt === null ? { outcome: "given-up", at } : delivery;
  }
  return { channel, ...delivery, failures };
}
