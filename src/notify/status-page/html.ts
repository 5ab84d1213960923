import { escaped } from "../../model/markup.ts";
import type {
  PublicComponent,
  PublicDocument,
  PublicIncident,
  PublicUpdate,
  PublicView,
} from "../../model/public-page.ts";
import { overallOf, tellState, unresolved } from "./read-format.ts";

/** Told by words first; a colour only repeats them. Contrasts are at least 4.5 to 1 on both grounds. */
const STYLE = `
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:46rem;padding:1.5rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}h3{font-size:1rem;margin-bottom:.25rem}
.overall{border-left:.5rem solid;padding:.75rem 1rem;font-size:1.2rem;font-weight:600}
.parts,.updates{list-style:none;padding:0}
.parts li{display:flex;justify-content:space-between;gap:1rem;padding:.5rem 0;border-bottom:1px solid #8886}
.updates li{padding:.25rem 0}time{color:#666}
.none,.operational{color:#176b37}.minor,.degraded_performance{color:#7a5200}
.major,.partial_outage{color:#9a3b00}.critical,.major_outage{color:#b3001b}
.maintenance,.under_maintenance{color:#1d4f91}
@media (prefers-color-scheme:dark){time{color:#aaa}
.none,.operational{color:#6fd592}.minor,.degraded_performance{color:#e8b84a}
.major,.partial_outage{color:#ff9b66}.critical,.major_outage{color:#ff8a95}
.maintenance,.under_maintenance{color:#8dbcff}}
`;

/** The page for people: one document without a script, a picture or anything else to fetch. */
export function htmlPage(view: PublicView): PublicDocument {
  const { indicator, description } = overallOf(view);
  const open = unresolved(view);
  const past = view.incidents.filter(({ phase }) => phase === "resolved");
  const title = escaped(view.title);
  const body = [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}: ${description}</title>`,
    `<meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<link rel="alternate" type="application/atom+xml" title="${title}" href="history.atom">`,
    `<style>${STYLE}</style></head><body><header><h1>${title}</h1></header><main>`,
    `<p class="overall ${indicator}">${description}</p>`,
    open.length === 0 ? "" : section("now", "Incidents", open),
    `<section aria-labelledby="parts"><h2 id="parts">Parts of the system</h2><ul class="parts">`,
    ...view.components.map(component),
    `</ul></section>`,
    past.length === 0
      ? `<section><h2>Past incidents</h2><p>There were none.</p></section>`
      : section("past", "Past incidents", past),
    `</main><footer><p><a href="history.atom">Subscribe (Atom)</a></p></footer></body></html>`,
  ].join("\n");
  return { type: "text/html; charset=utf-8", body, style: STYLE };
}

function component({ name, state }: PublicComponent): string {
  return `<li><span>${escaped(name)}</span><span class="${state}">${tellState(state)}</span></li>`;
}

function section(id: string, heading: string, incidents: readonly PublicIncident[]): string {
  return [
    `<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>`,
    ...incidents.map(article),
    "</section>",
  ].join("\n");
}

function article({ id, name, impact, components, updates }: PublicIncident): string {
  const touched = components.map(escaped).join(", ");
  return [
    `<article id="${escaped(id)}"><h3 class="${impact}">${escaped(name)}</h3><p>Affected: ${touched}</p>`,
    `<ol class="updates">`,
    ...updates.map(item).toReversed(),
    "</ol></article>",
  ].join("\n");
}

function item({ phase, at, text }: PublicUpdate): string {
  const iso = new Date(at).toISOString();
  const shown = `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  return `<li><strong>${tellState(phase)}</strong>: ${escaped(text)} <time datetime="${iso}">${shown}</time></li>`;
}
