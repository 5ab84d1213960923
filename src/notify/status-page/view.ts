import {
  hasActed,
  type History,
  type Incident,
  isBraked,
  type Recovery,
} from "../../model/history.ts";
import {
  COMPONENT_STATES,
  type ComponentState,
  type PublicComponent,
  type PublicIncident,
  type PublicUpdate,
  type PublicView,
} from "../../model/public-page.ts";
import type { ComponentSettings, StatusPageSettings } from "./settings.ts";
import {
  BY_HAND,
  CALLED_OFF,
  impactOf,
  INVESTIGATING,
  over,
  publicTrouble,
  underWay,
  watched,
} from "./words.ts";

/** Closed incidents that are shown are no older, in milliseconds. */
const SHOWN_MS = 90 * 24 * 3_600_000;

/** What the page is made of. */
export interface ViewInput {
  readonly settings: Pick<StatusPageSettings, "components" | "url">;
  readonly title: string;
  readonly history: History;
  /** The service that each signal is about, where it is about one. */
  readonly serviceOf: ReadonlyMap<string, string>;
  /** ms since the epoch. */
  readonly now: number;
}

/**
 * What the public reads of a history. It is told of what rollwatch does, and of breaches that it would act on or ask about; not of what is
 * only being tried (`shadow`), can wait (tier planned), or happens while people work on the application themselves.
 */
export function publicView(input: ViewInput): PublicView {
  const { settings, title, history } = input;
  const shown = history.incidents
    .filter((incident) => isShown(input, incident))
    .map((incident) => publicIncident(input, incident))
    .toReversed();
  const times = shown.flatMap(({ updates }) => updates.map(({ at }) => at));
  return {
    title,
    ...(settings.url === undefined ? {} : { url: settings.url }),
    changedAt: Math.max(0, history.maintenance?.at ?? 0, ...times),
    components: componentsOf(input).map((one) => componentOf(input, one)),
    incidents: shown,
  };
}

function componentOf(input: ViewInput, component: ComponentSettings): PublicComponent {
  const { history, now } = input;
  const stateByIncidents = stateOf(input, component);
  const state = isBraked(history.maintenance, now) ? "under_maintenance" : stateByIncidents;
  return { name: component.name, state, stateByIncidents };
}

function componentsOf({
  settings: { components },
  title,
}: ViewInput): readonly ComponentSettings[] {
  return components.length > 0 ? components : [{ name: title, services: [], signals: [] }];
}

function isShown({ history, now }: ViewInput, incident: Incident): boolean {
  const { closed, mode, tier, openedAt } = incident;
  if (closed !== undefined && now - closed.at > SHOWN_MS) {
    return false;
  }
  if (begunFor(history, incident).length > 0) {
    return true;
  }
  const { maintenance } = history;
  const isAwaited = isBraked(maintenance, now) && openedAt >= maintenance.at;
  const isTold = (mode === "auto" || mode === "recommend") && tier !== "planned";
  // What only a person saw may be a weakness: nobody hears of it before it is being cured.
  return isTold && !isAwaited && incident.reported === undefined;
}

/** The recoveries of an incident that were begun, oldest first. */
function begunFor({ recoveries }: History, { id }: Incident): readonly Recovery[] {
  return recoveries.filter(({ plan, attempts }) => plan.incident === id && attempts.length > 0);
}

function publicIncident(input: ViewInput, incident: Incident): PublicIncident {
  const { name, state } = publicTrouble(incident.trigger);
  const updates = updatesOf(incident, begunFor(input.history, incident));
  return {
    id: incident.id,
    name,
    phase: updates.at(-1)?.phase ?? "investigating",
    impact: impactOf(state),
    components: touchedBy(input, incident).map((one) => one.name),
    updates,
  };
}

function updatesOf(incident: Incident, recoveries: readonly Recovery[]): readonly PublicUpdate[] {
  const { openedAt, closed } = incident;
  return [
    { phase: "investigating", at: openedAt, text: INVESTIGATING },
    ...recoveries.flatMap(updatesWith),
    ...(closed === undefined
      ? []
      : [{ phase: "resolved", at: closed.at, text: over(incident) } as const]),
  ];
}

function updatesWith(recovery: Recovery): readonly PublicUpdate[] {
  const { attempts, verification, ended, plannedAt } = recovery;
  const began: PublicUpdate = {
    phase: "identified",
    at: attempts[0] ?? plannedAt,
    text: underWay(recovery),
  };
  if (ended?.result === "needs-human") {
    return [began, { phase: "identified", at: ended.at, text: BY_HAND }];
  }
  if (ended?.result === "cancelled") {
    return [began, { phase: "investigating", at: ended.at, text: CALLED_OFF }];
  }
  const provenAt = verification?.result === "proven" ? verification.at : ended?.at;
  return provenAt === undefined
    ? [began]
    : [began, { phase: "monitoring", at: provenAt, text: watched(recovery) }];
}

function stateOf(input: ViewInput, component: ComponentSettings): ComponentState {
  const { history } = input;
  const states = history.incidents
    .filter((one) => one.closed === undefined && isShown(input, one))
    .filter((one) => touchedBy(input, one).some(({ name }) => name === component.name))
    .map((one) => stateWith(history, one));
  return worst(states);
}

/** While services are stopped and started parts of it cannot be reached, however light the trouble was. */
function stateWith(history: History, incident: Incident): ComponentState {
  const { state } = publicTrouble(incident.trigger);
  const isActing = begunFor(history, incident).some(
    (one) => one.ended === undefined && hasActed(one),
  );
  return isActing ? worst([state, "partial_outage"]) : state;
}

function worst(states: readonly ComponentState[]): ComponentState {
  return COMPONENT_STATES.toReversed().find((one) => states.includes(one)) ?? "operational";
}

/** What nobody assigned to a part touches all of them. */
function touchedBy(input: ViewInput, incident: Incident): readonly ComponentSettings[] {
  const components = componentsOf(input);
  const touched = components.filter((one) => isNamed(input, incident, one));
  return touched.length > 0 ? touched : components;
}

/** By a signal of the part or of its services, or by a recovery that stops one of them. */
function isNamed(
  { history, serviceOf }: ViewInput,
  incident: Incident,
  { services, signals }: ComponentSettings,
): boolean {
  if (services.length === 0 && signals.length === 0) {
    return true;
  }
  const steps = begunFor(history, incident).flatMap(({ plan }) => plan.steps);
  const stopped = steps.flatMap(({ service }) => (typeof service === "string" ? [service] : []));
  const accused = incident.signals.flatMap((one) => serviceOf.get(one) ?? []);
  return (
    incident.signals.some((one) => signals.includes(one)) ||
    [...stopped, ...accused].some((one) => services.includes(one))
  );
}

/** How the whole is: as its worst part is. */
export function overallState(
  components: readonly Pick<PublicComponent, "state">[],
): ComponentState {
  return worst(components.map(({ state }) => state));
}
