import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Clock } from "../../system/clock.ts";
import { CachetPublisherSettings, createCachetPublisher } from "./cachet.ts";
import { createInstatusPublisher, InstatusPublisherSettings } from "./instatus.ts";
import type { Publisher } from "./publisher.ts";
import { createStatuspagePublisher, StatuspagePublisherSettings } from "./statuspage.ts";

/** The settings of every kind of page elsewhere. */
export const PublisherSettings = z.discriminatedUnion("kind", [
  StatuspagePublisherSettings,
  CachetPublisherSettings,
  InstatusPublisherSettings,
]);
export type PublisherSettings = z.infer<typeof PublisherSettings>;

/** The page that these settings ask for. */
export function createPublisher(settings: PublisherSettings, clock: Clock): Publisher {
  switch (settings.kind) {
    case "statuspage":
      return createStatuspagePublisher(settings, clock);
    case "cachet":
      return createCachetPublisher(settings, clock);
    case "instatus":
      return createInstatusPublisher(settings, clock);
    default:
      return assertNever(settings);
  }
}
