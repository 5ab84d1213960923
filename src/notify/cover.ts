import type { Delivery, Notice } from "../model/notice.ts";
import { tellDuration, tellTime } from "../model/units.ts";

/** Who hears instead where a channel does not take what it should. */
export interface Cover {
  /** The application's name. */
  readonly application: string;
  readonly routes: {
    /** Channels for pages: they hear of a channel that fails. */
    readonly page: readonly string[];
    /** Channels that have a page when another has not taken it; they hear of a channel that fails, too. */
    readonly fallback: readonly string[];
  };
  /** A page that a channel has not taken for this long goes to the fallback, in milliseconds. */
  readonly fallbackAfter: number;
}

/** A delivery that did not succeed, and everything that the channel must still have, that notice among it. */
export interface Uncovered {
  readonly channel: string;
  readonly notice: Notice;
  readonly delivery: Exclude<Delivery, { readonly kind: "delivered" }>;
  readonly owed: readonly Notice[];
  readonly now: number;
}

/** What a channel has not taken for this long is late, in milliseconds: people must hear of it by another. */
export const LATE_MS = 5 * 60_000;

/** Pages of one channel that others have instead, the newest: a flood is told by the page that the channel fails. */
const MOST_PAGES = 50;

/**
 * What others must hear now: each page that waits too long, or will never be taken, by the fallback; once a day by whoever is paged,
 * that the channel fails. The same facts make the same `dedupKey`. Pure.
 */
export function coverOf(cover: Cover, uncovered: Uncovered): readonly Notice[] {
  const { owed, notice, delivery, now } = uncovered;
  const isLost = delivery.kind === "refused";
  const instead = owed
    .filter(
      (one) =>
        one.urgency === "page" &&
        ((isLost && one.id === notice.id) || now - dueSince(one) >= cover.fallbackAfter),
    )
    .slice(-MOST_PAGES)
    .map((one) => insteadOf(one, cover, uncovered));
  const isFailing = isLost || owed.some((one) => now - dueSince(one) >= LATE_MS);
  const made = isFailing ? [...instead, failing(cover, uncovered)] : instead;
  return made.filter(({ channels }) => channels.length > 0);
}

/** When it was to be delivered first, by the clock of then. */
export function dueSince({ at, notBefore = at }: Notice): number {
  return Math.max(at, notBefore);
}

function insteadOf(
  notice: Notice,
  { routes }: Cover,
  { channel, delivery, now }: Uncovered,
): Notice {
  const had = new Set([...notice.channels, channel]);
  const forMs = tellDuration(Math.max(0, now - dueSince(notice)));
  return {
    ...notice,
    id: `${notice.id}-instead`,
    dedupKey: `${notice.dedupKey}:instead`,
    text: `${notice.text}\n\nHere because ${channel} has not taken it for ${forMs}: ${whyOf(delivery)}.`,
    channels: routes.fallback.filter((one) => !had.has(one)),
  };
}

function failing(
  { application, routes }: Cover,
  { channel, delivery, owed, now }: Uncovered,
): Notice {
  const day = tellTime(now).slice(0, 10);
  const dedupKey = `none:channel-failing:${channel}:${day}`;
  const since = Math.min(...owed.map(dueSince), now);
  const channels = new Set([...routes.page, ...routes.fallback]);
  channels.delete(channel);
  // At night nobody is woken because of what only informs.
  const isForPages =
    routes.page.includes(channel) || owed.some(({ urgency }) => urgency === "page");
  return {
    id: `ntc-failing-${channel}-${day}`,
    dedupKey,
    at: now,
    reason: "channel-failing",
    urgency: isForPages ? "page" : "tell",
    incident: null,
    title: `${application}: notices do not arrive at ${channel}`,
    text: [
      `Since ${tellTime(since)}: ${whyOf(delivery)}.`,
      delivery.kind === "refused"
        ? "It refused a notice for good: that one is not tried again."
        : `${owed.length === 1 ? "A notice waits" : `${owed.length} notices wait`} for it, and each is tried for a day.`,
      "Nothing else waits for it: other channels have their notices, and rollbacks go on. `rollwatch people test` tries it.",
    ].join("\n"),
    channels: [...channels],
  };
}

function whyOf({ reason, detail }: Uncovered["delivery"]): string {
  return detail === "" ? reason : `${reason}, ${detail}`;
}
