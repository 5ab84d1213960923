import type { PublicPages } from "../api/status-page.ts";
import type { Config } from "../config/schema.ts";
import type { Journal } from "../journal/journal.ts";
import type { PublicView } from "../model/public-page.ts";
import type { Channel } from "../notify/channel.ts";
import { pause, queue } from "../notify/outbox.ts";
import { createPublisher } from "../notify/publishers/index.ts";
import { PUBLIC_DOCUMENTS } from "../notify/status-page/documents.ts";
import { createPageChannel, pageChannel, pageNotices } from "../notify/status-page/publish.ts";
import { publicView } from "../notify/status-page/view.ts";
import type { Daemon } from "./daemon.ts";
import type { World } from "./world.ts";

/** Longest sleep between two looks, in milliseconds. */
const LONGEST_SLEEP_MS = 30_000;

/** What of the daemon the public page is made of. */
export interface PageParts extends Pick<Daemon, "rules"> {
  readonly config: Pick<Config, "statusPage"> & {
    readonly application: Pick<Config["application"], "name">;
  };
  readonly journal: Pick<Journal, "history" | "record" | "onEntry">;
  readonly world: Pick<World, "clock" | "ids">;
}

function viewOf({ config, journal, rules, world }: PageParts): PublicView {
  const { statusPage, application } = config;
  return publicView({
    settings: statusPage,
    title: statusPage.title ?? application.name,
    history: journal.history(),
    serviceOf: new Map(
      rules.flatMap(({ name, service }) => (service === undefined ? [] : [[name, service]])),
    ),
    now: world.clock.now(),
  });
}

/** The documents of the daemon's own page. */
export function publicPages(daemon: PageParts): PublicPages {
  return {
    paths: Object.keys(PUBLIC_DOCUMENTS),
    read: (path) => {
      const render = PUBLIC_DOCUMENTS[path];
      if (render === undefined) {
        throw new Error(`the page has no ${path}`);
      }
      return render(viewOf(daemon));
    },
  };
}

/** The pages elsewhere as channels of the outbox. */
export function pageChannels(daemon: PageParts): readonly Channel[] {
  const { publish } = daemon.config.statusPage;
  return Object.entries(publish).map(([name, settings]) =>
    createPageChannel(pageChannel(name), createPublisher(settings, daemon.world.clock), {
      ids: settings.components,
      view: () => viewOf(daemon),
    }),
  );
}

/** Whether there are pages elsewhere. */
export function isPublished({ config }: Pick<PageParts, "config">): boolean {
  return Object.keys(config.statusPage.publish).length > 0;
}

/** Queues what pages elsewhere have yet to hear, after each entry of the journal, until the signal aborts. */
export async function keepPublishing(daemon: PageParts, signal: AbortSignal): Promise<void> {
  const { journal, world } = daemon;
  const channels = Object.keys(daemon.config.statusPage.publish).map(pageChannel);
  while (!signal.aborted) {
    const at = world.clock.now();
    for (const draft of pageNotices(viewOf(daemon), at)) {
      const id = world.ids.next("notice", at);
      queue(journal, { ...draft, id, at, urgency: "tell", channels });
    }
    await pause({ journal, clock: world.clock }, LONGEST_SLEEP_MS, signal);
  }
}
