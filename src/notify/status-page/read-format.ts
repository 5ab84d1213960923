/** The page as Statuspage's read interface shows one (`/api/v2`), which programs that gather such pages can read. */

import { assertNever } from "../../model/assert-never.ts";
import type {
  ComponentState,
  PublicIncident,
  PublicPhase,
  PublicUpdate,
  PublicView,
} from "../../model/public-page.ts";
import { overallState } from "./view.ts";

/** A worst state as one word and as a sentence. */
export interface Overall {
  readonly indicator: "none" | "minor" | "major" | "critical" | "maintenance";
  readonly description: string;
}

/** How the whole is. */
export function overallOf({ components }: Pick<PublicView, "components">): Overall {
  const state = overallState(components);
  switch (state) {
    case "operational":
      return { indicator: "none", description: "All Systems Operational" };
    case "degraded_performance":
      return { indicator: "minor", description: "Degraded Performance" };
    case "partial_outage":
      return { indicator: "major", description: "Partial System Outage" };
    case "major_outage":
      return { indicator: "critical", description: "Major Service Outage" };
    case "under_maintenance":
      return { indicator: "maintenance", description: "Service Under Maintenance" };
    default:
      return assertNever(state);
  }
}

type Json = Readonly<Record<string, unknown>>;

/** `/api/v2/summary.json`. */
export function summaryOf(view: PublicView): Json {
  return {
    page: pageOf(view),
    components: componentsOf(view),
    incidents: unresolved(view).map((one) => incidentOf(view, one)),
    scheduled_maintenances: [],
    status: overallOf(view),
  };
}

/** `/api/v2/status.json`. */
export function statusOf(view: PublicView): Json {
  return { page: pageOf(view), status: overallOf(view) };
}

/** `/api/v2/components.json`. */
export function componentListOf(view: PublicView): Json {
  return { page: pageOf(view), components: componentsOf(view) };
}

/** `/api/v2/incidents.json`, newest first. */
export function incidentListOf(view: PublicView): Json {
  return {
    page: pageOf(view),
    incidents: view.incidents.map((one) => incidentOf(view, one)),
  };
}

/** `/api/v2/incidents/unresolved.json`, newest first. */
export function unresolvedListOf(view: PublicView): Json {
  return {
    page: pageOf(view),
    incidents: unresolved(view).map((one) => incidentOf(view, one)),
  };
}

/** Incidents that are not over. */
export function unresolved({ incidents }: PublicView): readonly PublicIncident[] {
  return incidents.filter(({ phase }) => phase !== "resolved");
}

function pageOf({ title, url = "", changedAt }: PublicView): Json {
  return { id: slug(title), name: title, url, time_zone: "Etc/UTC", updated_at: time(changedAt) };
}

function componentsOf(view: PublicView): readonly Json[] {
  return view.components.map(({ name, state }, index) => ({
    id: slug(name),
    name,
    status: state,
    position: index + 1,
    description: null,
    showcase: true,
    group: false,
    group_id: null,
    only_show_if_degraded: false,
    page_id: slug(view.title),
    created_at: time(0),
    updated_at: time(lastTouch(view, name)),
  }));
}

function lastTouch({ incidents }: PublicView, name: string): number {
  const touching = incidents.find(({ components }) => components.includes(name));
  return touching?.updates.at(-1)?.at ?? 0;
}

function incidentOf(view: PublicView, incident: PublicIncident): Json {
  const { id, name, phase, impact, updates, components } = incident;
  const startedAt = time(updates[0]?.at ?? 0);
  return {
    id,
    name,
    status: phase,
    impact,
    page_id: slug(view.title),
    shortlink: view.url === undefined ? "" : `${view.url}#${id}`,
    started_at: startedAt,
    created_at: startedAt,
    updated_at: time(updates.at(-1)?.at ?? 0),
    monitoring_at: phaseTime(updates, "monitoring"),
    resolved_at: phaseTime(updates, "resolved"),
    incident_updates: updates.map((one, index) => updateOf(id, one, index)).toReversed(),
    components: componentsOf(view).filter((one) => components.includes(String(one["name"]))),
  };
}

function updateOf(incident: string, { phase, at, text }: PublicUpdate, index: number): Json {
  return {
    id: `${incident}-${index + 1}`,
    incident_id: incident,
    status: phase,
    body: text,
    created_at: time(at),
    updated_at: time(at),
    display_at: time(at),
  };
}

function phaseTime(updates: readonly PublicUpdate[], phase: PublicUpdate["phase"]): string | null {
  const last = updates.findLast((one) => one.phase === phase);
  return last === undefined ? null : time(last.at);
}

function time(at: number): string {
  return new Date(at).toISOString();
}

/** A name as an id: small letters, digits and hyphens, and for what is left of no name `page`. */
export function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/gu, "");
  return plain === "" ? "page" : plain;
}

/** A state or a phase as people read it. */
export function tellState(state: ComponentState | PublicPhase): string {
  const words = state.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
