import type { Control } from "../model/control.ts";
import type { ClockSet, History } from "../model/history.ts";
import type { Identity } from "../model/identity.ts";
import type { Readiness, Release } from "../model/release.ts";
import type { SchemaComparison } from "../model/schema-difference.ts";
import type { Service } from "../model/service.ts";
import type { EvidenceKind } from "../model/signal.ts";
import type { ServiceSettings } from "../model/application.ts";
import type { Verdict } from "../model/verdict.ts";
import type { PolicySettings } from "./policy.ts";

/** The release one could go back to, or why there is none. */
export type Target =
  | {
      readonly kind: "candidate";
      readonly release: Release;
      /** When its bake time was over with every signal ok; absent while it is not proven. */
      readonly provenAt?: number;
      readonly readiness: Readiness;
    }
  | { readonly kind: "none"; readonly reason: string };

/**
 * Critical advisories of what the target depends on that do not concern what runs, each as a sentence of foreign words; or why
 * nobody knows them.
 */
export type TargetAdvisories =
  | { readonly kind: "known"; readonly added: readonly string[] }
  | { readonly kind: "unknown"; readonly reason: string };

/** How the schema that the target ran on compares with today's, or why nobody knows. */
export type SchemaStanding =
  | { readonly kind: "compared"; readonly comparison: SchemaComparison }
  | { readonly kind: "unknown"; readonly reason: string };

/** Everything a decision rests on, at one moment. */
export interface Situation {
  readonly now: number;
  readonly verdict: Verdict;
  /** The first bad sample of the incident: the verdict's, or an earlier one of the incident that is still open. */
  readonly since: number;
  readonly policy: PolicySettings;
  readonly history: History;
  /** What is deployed right now, with the schema revision. */
  readonly identity: Identity;
  readonly controls: readonly Control[];
  readonly services: readonly Service[];
  /** The services that a person stopped, by name. */
  readonly stopped: readonly string[];
  /** The services whose stop explains the breached signals (the rules' `service`); empty when no single one does. */
  readonly concerned: readonly string[];
  /** Breached signals of which no service is known to answer them. */
  readonly unattributed: readonly string[];
  readonly target: Target;
  /** Whether a proven snapshot of the target's database is there to go back to. Absent: none. */
  readonly hasSnapshot?: boolean;
  /** Absent where there is no target, and in a replay. */
  readonly advisories?: TargetAdvisories;
  /** Absent where nothing is compared: without a database, where it goes back too, and in a replay. */
  readonly schema?: SchemaStanding;
  /** Why somebody else seems to be deploying: git's index lock, pm2's reload lock. Empty when nobody is. */
  readonly busy: readonly string[];
  /** What a stop in the middle of its work does, and how long a start takes, for each service that a rollback would stop. */
  readonly work: readonly Pick<ServiceSettings, "name" | "work" | "boot">[];
  /** When the wall clock was set, in its new time, and by how much, as far as rollwatch saw it; absent: never. */
  readonly clockSets?: readonly ClockSet[];
  /** Whether this daemon holds the host's lock. */
  readonly lockHeld: boolean;
  /** Kinds of evidence behind the breach; a report or a webhook alone never moves a rollback. */
  readonly evidence: readonly EvidenceKind[];
}

/** A verdict with a proven breach. */
export type Breached = Extract<Verdict, { readonly kind: "breached" }>;

/** A situation in which a breach is proven: what guards are asked about. */
export interface BreachSituation extends Situation {
  readonly verdict: Breached;
}
