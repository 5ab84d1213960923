import { escaped } from "../../model/markup.ts";
import type {
  PublicDocument,
  PublicIncident,
  PublicUpdate,
  PublicView,
} from "../../model/public-page.ts";
import { htmlPage } from "./html.ts";
import {
  componentListOf,
  incidentListOf,
  type Overall,
  overallOf,
  slug,
  statusOf,
  summaryOf,
  tellState,
  unresolvedListOf,
} from "./read-format.ts";

/** Every document of the page, by its path. */
export const PUBLIC_DOCUMENTS: Readonly<Record<string, (view: PublicView) => PublicDocument>> = {
  "/": htmlPage,
  "/api/v2/summary.json": (view) => json(summaryOf(view)),
  "/api/v2/status.json": (view) => json(statusOf(view)),
  "/api/v2/components.json": (view) => json(componentListOf(view)),
  "/api/v2/incidents.json": (view) => json(incidentListOf(view)),
  "/api/v2/incidents/unresolved.json": (view) => json(unresolvedListOf(view)),
  "/history.atom": atomFeed,
  "/badge.svg": badge,
};

function json(value: unknown): PublicDocument {
  return { type: "application/json; charset=utf-8", body: JSON.stringify(value) };
}

/** One entry for each update, newest first; its id never changes. */
function atomFeed({ title, url, changedAt, incidents }: PublicView): PublicDocument {
  const entries = incidents.flatMap((incident) =>
    incident.updates.map((update, index) => entry(incident, update, { index, url })),
  );
  const body = [
    `<?xml version="1.0" encoding="utf-8"?>`,
    `<feed xmlns="http://www.w3.org/2005/Atom">`,
    `<id>${url === undefined ? `urn:rollwatch:${escaped(encodeURIComponent(slug(title)))}` : escaped(url)}</id>`,
    `<title>${escaped(title)}</title><author><name>${escaped(title)}</name></author>`,
    ...(url === undefined ? [] : [`<link rel="alternate" href="${escaped(url)}"/>`]),
    `<updated>${new Date(changedAt).toISOString()}</updated>`,
    ...entries.toSorted((one, other) => other.at - one.at).map(({ text }) => text),
    `</feed>`,
  ].join("\n");
  return { type: "application/atom+xml; charset=utf-8", body };
}

function entry(
  { id, name }: PublicIncident,
  { phase, at, text }: PublicUpdate,
  { index, url }: { readonly index: number; readonly url: string | undefined },
): { readonly at: number; readonly text: string } {
  const link = url === undefined ? "" : `<link rel="alternate" href="${escaped(`${url}#${id}`)}"/>`;
  const lines = [
    `<entry><id>urn:rollwatch:${escaped(id)}:${index + 1}</id>${link}`,
    `<title>${tellState(phase)}: ${escaped(name)}</title>`,
    `<updated>${new Date(at).toISOString()}</updated>`,
    `<content type="text">${escaped(text)}</content></entry>`,
  ];
  return { at, text: lines.join("\n") };
}

const COLOURS: Readonly<Record<Overall["indicator"], string>> = {
  none: "#176b37",
  minor: "#7a5200",
  major: "#9a3b00",
  critical: "#b3001b",
  maintenance: "#1d4f91",
};

/** Room for one character, and beside the texts, in pixels. */
const CHARACTER_PX = 7;
const PADDING_PX = 16;

/** White words on the colour of the worst part, for other sites to show. */
function badge(view: PublicView): PublicDocument {
  const { indicator, description } = overallOf(view);
  const left = PADDING_PX + "status".length * CHARACTER_PX;
  const width = left + PADDING_PX + description.length * CHARACTER_PX;
  const body = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="status: ${description}">`,
    `<title>status: ${description}</title><rect width="${left}" height="20" fill="#333"/>`,
    `<rect x="${left}" width="${width - left}" height="20" fill="${COLOURS[indicator]}"/>`,
    `<g fill="#fff" font-family="Verdana,sans-serif" font-size="11"><text x="8" y="14">status</text>`,
    `<text x="${left + PADDING_PX / 2}" y="14">${description}</text></g></svg>`,
  ].join("");
  return { type: "image/svg+xml", body };
}
