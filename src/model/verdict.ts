import type { Breach, SignalState } from "./signal.ts";
import type { Tier } from "./tier.ts";
import type { Trigger } from "./trigger.ts";

/** What is likely to have made the application sick. */
export const CAUSES = [
  "release",
  "configuration",
  "migration",
  "database",
  "host",
  "upstream",
  "monitoring",
  "unknown",
] as const;
export type Cause = (typeof CAUSES)[number];

/** A cause with what speaks for it, in words. */
export interface Attribution {
  readonly cause: Cause;
  readonly evidence: readonly string[];
}

/** A signal that says neither good nor bad. */
export interface Missing {
  readonly signal: string;
  readonly state: Exclude<SignalState, "ok" | "breach">;
  readonly reason: string;
}

/** The judgement of one tick over all signals. */
export type Verdict =
  | { readonly kind: "healthy"; readonly missing: readonly Missing[] }
  | {
      readonly kind: "suspect";
      readonly firstBadAt: number;
      readonly signals: readonly string[];
      readonly missing: readonly Missing[];
    }
  | {
      readonly kind: "breached";
      readonly trigger: Trigger;
      readonly tier: Tier;
      readonly breaches: readonly Breach[];
      /** The first bad sample of all breaches: the budget's clock starts here. */
      readonly since: number;
      readonly missing: readonly Missing[];
      readonly attribution: Attribution;
    };
