/** What everybody may read of an application: its parts, how they are, and the incidents that touched them. */

/** How a part is, from well to worst, in the words of Statuspage's interface; last, people work on it. */
export const COMPONENT_STATES = [
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "under_maintenance",
] as const;
export type ComponentState = (typeof COMPONENT_STATES)[number];

/** How far an incident has come, in the words of Statuspage's interface. */
export const PUBLIC_PHASES = ["investigating", "identified", "monitoring", "resolved"] as const;
export type PublicPhase = (typeof PUBLIC_PHASES)[number];

/** How grave an incident is for those who use the application. */
export const IMPACTS = ["none", "minor", "major", "critical"] as const;
export type Impact = (typeof IMPACTS)[number];

/** A part of the application under the name that the public knows it by. */
export interface PublicComponent {
  readonly name: string;
  readonly state: ComponentState;
  /** As its open incidents make it, whether people have declared a maintenance or not. */
  readonly stateByIncidents: ComponentState;
}

/** One message about an incident. */
export interface PublicUpdate {
  readonly phase: PublicPhase;
  /** ms since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** An incident, without a word about what is inside. */
export interface PublicIncident {
  readonly id: string;
  readonly name: string;
  /** That of its last update. */
  readonly phase: PublicPhase;
  readonly impact: Impact;
  /** The parts that it touches, by their names. */
  readonly components: readonly string[];
  /** Oldest first, never empty. */
  readonly updates: readonly PublicUpdate[];
}

/** The whole page at one moment. */
export interface PublicView {
  readonly title: string;
  /** Where the public finds the page; absent where nobody said. */
  readonly url?: string;
  /** When something last changed, ms since the epoch; 0 while nothing ever did. */
  readonly changedAt: number;
  readonly components: readonly PublicComponent[];
  /** Newest first. */
  readonly incidents: readonly PublicIncident[];
}

/** One document of the page, as it is served. */
export interface PublicDocument {
  readonly type: string;
  readonly body: string;
  /** The text of the one style element within; absent where there is none. */
  readonly style?: string;
}
