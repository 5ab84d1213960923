import type { Rehearsal } from "../lab/rehearsal.ts";
import { GOOD_RELEASE } from "../lab/radiation-system.ts";
import type { ExampleRelease } from "../lab/releases.ts";
import { DECISIONS, type DecisionKind } from "../src/model/decision.ts";
import type { Entry, Fact, FactKind, Outcome } from "../src/model/facts.ts";
import type { Scope } from "../src/model/plan.ts";
import { type Tier, TIER_BUDGET_MS } from "../src/model/tier.ts";
import type { Mode, Trigger } from "../src/model/trigger.ts";
import type { Cause } from "../src/model/verdict.ts";

/**
 * The demo's answer to a program; fields that do not apply are null. Seconds count from the new release's first process, or
 * from the beginning of a fault without any.
 */
export interface DemoResult {
  readonly fault: string;
  readonly trigger: Trigger | null;
  readonly tier: Tier | null;
  readonly mode: Mode | null;
  readonly cause: Cause | null;
  readonly decision: DecisionKind;
  readonly outcome: Outcome;
  readonly scope: Scope | null;
  readonly release: { readonly bad: string | null; readonly restored: string | null };
  readonly seconds: {
    readonly toBreach: number | null;
    readonly toDecision: number | null;
    readonly toRestored: number | null;
    readonly toVerified: number | null;
    readonly budget: number | null;
  };
  readonly requests: { readonly sent: number; readonly failed: number };
  readonly verified: boolean | null;
  readonly incident: string | null;
}

/** What a rehearsal of a release came to. */
export function resultOf(release: ExampleRelease, rehearsal: Rehearsal): DemoResult {
  const { entries, deployment, servedAgainAt, load } = rehearsal;
  const { trigger, tier, mode, incident } = incidentOf(entries);
  const { cause, decision, outcome, scope, verified } = courseOf(entries);
  return {
    fault: release.id,
    trigger,
    tier,
    mode,
    cause,
    decision,
    outcome,
    scope,
    release: {
      // Of a fault from outside, no release is the bad one.
      bad:
        incident === null || deployment === null || release.fault !== undefined
          ? null
          : deployment.release,
      restored: servedAgainAt === undefined || deployment === null ? null : GOOD_RELEASE,
    },
    seconds: secondsOf(rehearsal),
    requests: { sent: load.sent, failed: load.failed },
    verified,
    incident,
  };
}

/** The incident as it was when rollwatch decided; what joined it while the cure was under way changed nothing any more. */
function incidentOf(
  entries: readonly Entry[],
): Pick<DemoResult, "trigger" | "tier" | "mode" | "incident"> {
  const opened = first(entries, "incident-opened")?.fact;
  if (opened === undefined) {
    return { trigger: null, tier: null, mode: null, incident: null };
  }
  const { trigger, tier, mode } = last(untilAction(entries), "incident-grown")?.fact ?? opened;
  return { trigger, tier, mode, incident: opened.incident };
}

/** Everything up to the first decision to do something; all of it where there is none. */
function untilAction(entries: readonly Entry[]): readonly Entry[] {
  const decided = strongestDecision(entries);
  return decided === undefined || decided.fact.decision.kind === "hold"
    ? entries
    : entries.filter((entry) => entry.at <= decided.at);
}

function courseOf(
  entries: readonly Entry[],
): Pick<DemoResult, "cause" | "decision" | "outcome" | "scope" | "verified"> {
  return {
    cause: last(entries, "judged")?.fact.cause ?? null,
    decision: strongestDecision(entries)?.fact.decision.kind ?? "hold",
    outcome: last(entries, "closed")?.fact.outcome ?? openOutcome(entries),
    scope: last(entries, "planned")?.fact.plan.scope ?? null,
    verified: wasProven(entries),
  };
}

/** Without an incident the release was left alone, until it was proven; one that waits for people is a recommendation. */
function openOutcome(entries: readonly Entry[]): Outcome {
  return first(entries, "approval-asked") === undefined ? "held" : "recommended";
}

/** Null when nothing was verified. */
function wasProven(entries: readonly Entry[]): boolean | null {
  const verification = last(entries, "verified")?.fact.verification;
  return verification === undefined ? null : verification.result === "proven";
}

function secondsOf({ entries, beganAt, servedAgainAt }: Rehearsal): DemoResult["seconds"] {
  const opened = first(entries, "incident-opened");
  const { tier } = incidentOf(entries);

  function since(at: number | undefined): number | null {
    return at === undefined ? null : Math.round((at - beganAt) / 10) / 100;
  }

  return {
    toBreach: since(opened?.at),
    toDecision: since(strongestDecision(entries)?.at),
    toRestored: since(servedAgainAt),
    toVerified: wasProven(entries) === true ? since(last(entries, "verified")?.at) : null,
    budget: tier === null ? null : TIER_BUDGET_MS[tier] / 1000,
  };
}

/** Why the result is not the right one for the release; nothing when it is. `approved`: people approved what waited for them. */
export function faultsOf(
  release: ExampleRelease,
  result: DemoResult,
  approved = false,
): readonly string[] {
  const right = approved ? (release.rightApproved ?? release.right) : release.right;
  const faults = [
    { verb: "decided", found: result.decision, expected: right.decision },
    { verb: "ended", found: result.outcome, expected: right.outcome },
    { verb: "saw", found: result.trigger, expected: release.trigger },
    { verb: "blamed", found: result.cause, expected: right.cause },
  ]
    .filter(({ found, expected }) => found !== expected)
    .map(
      ({ verb, found, expected }) =>
        `${verb} ${found ?? "nothing"}, right is ${expected ?? "nothing"}`,
    );
  if (result.outcome === "rolled-back" && result.verified !== true) {
    faults.push("the restored system is not proven healthy");
  }
  if (overBudget(result)) {
    faults.push(`took ${result.seconds.toVerified} s, more than ${result.seconds.budget} s`);
  }
  return faults;
}

function overBudget({ seconds }: DemoResult): boolean {
  return (
    seconds.toVerified !== null && seconds.budget !== null && seconds.toVerified > seconds.budget
  );
}

interface Told<K extends FactKind> {
  readonly at: number;
  readonly fact: Extract<Fact, { kind: K }>;
}

function all<K extends FactKind>(entries: readonly Entry[], kind: K): readonly Told<K>[] {
  return entries.filter((entry): entry is Entry & Told<K> => entry.fact.kind === kind);
}

function first<K extends FactKind>(entries: readonly Entry[], kind: K): Told<K> | undefined {
  return all(entries, kind)[0];
}

function last<K extends FactKind>(entries: readonly Entry[], kind: K): Told<K> | undefined {
  return all(entries, kind).at(-1);
}

/** The first decision of the strongest kind: what rollwatch came to, before it had nothing more to decide. */
function strongestDecision(entries: readonly Entry[]): Told<"decided"> | undefined {
  const decided = all(entries, "decided");
  const strongest = DECISIONS.findLast((kind) =>
    decided.some((one) => one.fact.decision.kind === kind),
  );
  return decided.find((one) => one.fact.decision.kind === strongest);
}
