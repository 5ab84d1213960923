import type { Delivery } from "../../model/notice.ts";
import type { PublicIncident, PublicView } from "../../model/public-page.ts";
import type { Channel } from "../channel.ts";
import type { NoticeDraft } from "../notices-draft.ts";
import type { Publication, Publisher } from "../publishers/publisher.ts";

/** Incidents whose last update is older are nobody's news: a page that is configured later does not begin with them. In milliseconds. */
const NEWS_MS = 3_600_000;

/** The channel's name of a page elsewhere; no channel of `notify.channels` can have it. */
export function pageChannel(name: string): string {
  return `status-page:${name}`;
}

/** What a page elsewhere has yet to hear, one notice for each change of an incident or of a part that it touches. */
export function pageNotices(view: PublicView, now: number): readonly NoticeDraft[] {
  return view.incidents
    .filter(({ updates }) => now - (updates.at(-1)?.at ?? 0) < NEWS_MS)
    .map((incident) => {
      const { id, name, phase, updates } = incident;
      const states = touchedBy(view, incident).map((one) => `${one.name}=${one.stateByIncidents}`);
      return {
        dedupKey: [id, "status-page", String(updates.length), ...states].join(":"),
        reason: "status-page",
        incident: id,
        title: `${name}: ${phase}`,
        text: updates.at(-1)?.text ?? "",
      };
    });
}

/**
 * A page elsewhere as a channel: a notice is the errand to bring its incident there to where it is by now. What stands there is looked
 * at first, so that a delivery that is made again after a crash adds nothing, and a late one skips what is over.
 */
export function createPageChannel(
  name: string,
  publisher: Publisher,
  {
    ids,
    view,
  }: {
    /** The service's ids of the parts, by their names. */
    readonly ids: Readonly<Record<string, string>>;
    readonly view: () => PublicView;
  },
): Channel {
  return {
    name,
    send: async ({ incident: id }, signal) => {
      signal.throwIfAborted();
      const present = view();
      const incident = present.incidents.find((one) => one.id === id);
      return incident === undefined
        ? { kind: "delivered" }
        : bring(publisher, publicationOf(present, incident, ids), signal);
    },
  };
}

async function bring(
  publisher: Publisher,
  publication: Publication,
  signal: AbortSignal,
): Promise<Delivery> {
  const listed = await publisher.list(publication, signal);
  if (listed.kind !== "answered") {
    return listed;
  }
  const { update, reference } = publication;
  const found = listed.value.find(({ name }) => name.endsWith(`[${reference}]`));
  if (found === undefined) {
    return publisher.create(publication, signal);
  }
  const phase = publisher.phaseOf(update);
  const isCurrent =
    found.phase === phase &&
    found.updates.some((one) => one.phase === phase && one.text === update.text);
  return isCurrent
    ? publisher.setStates(publication, signal)
    : publisher.update(found.id, publication, signal);
}

function publicationOf(
  view: PublicView,
  incident: PublicIncident,
  ids: Readonly<Record<string, string>>,
): Publication {
  const reference = incident.id.replace(/^.*-/u, "");
  const update = incident.updates.at(-1) ?? { phase: incident.phase, at: 0, text: "" };
  const components = touchedBy(view, incident).flatMap(({ name, stateByIncidents: state }) => {
    const id = ids[name];
    return id === undefined ? [] : [{ id, state }];
  });
  return { name: `${incident.name} [${reference}]`, reference, incident, update, components };
}

function touchedBy(view: PublicView, incident: PublicIncident): PublicView["components"] {
  return view.components.filter(({ name }) => incident.components.includes(name));
}
