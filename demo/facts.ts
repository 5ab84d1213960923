import type { Decision } from "../src/model/decision.ts";
import type { Fact, FactKind } from "../src/model/facts.ts";
import { tellDuration } from "../src/model/units.ts";
import type { Verification } from "../src/model/verification.ts";
import type { Telling } from "./telling.ts";

/** Facts that say nothing to a person who watches the demo. */
type UntoldKind =
  | "daemon-stopped"
  | "identity-seen"
  | "release-pruned"
  | "release-marked"
  | "release-unmarked"
  | "aside-ended"
  | "step-started"
  | "notice-queued"
  | "notice-delivered"
  | "notice-failed"
  | "acknowledged"
  | "answer-refused"
  | "countdown-over"
  | "noted"
  | "labelled"
  | "task-done"
  | "clock-set"
  | "observing-only"
  | "paused"
  | "resumed"
  | "maintenance-started"
  | "maintenance-ended";
type ToldKind = Exclude<FactKind, UntoldKind>;
type FactMap = { readonly [K in ToldKind]: Extract<Fact, { readonly kind: K }> };
type FactOf<K extends ToldKind> = { [P in K]: { readonly kind: P } & FactMap[P] }[K];
type Tellers = {
  readonly [K in ToldKind]: (telling: Telling, fact: FactOf<K>, at: number) => void;
};

const INDENT = " ".repeat(11);

/** How each fact of the journal is told. */
const TELLERS: Tellers = {
  "daemon-started": ({ voice, time }, fact, at) => {
    voice.say(`${time(at)}  rollwatch ${fact.version} started (pid ${fact.pid})`);
  },
  "change-seen": ({ voice, time }, { change }, at) => {
    voice.say(`${time(at)}  a change: ${change.summary.join("; ")}`);
  },
  "release-captured": ({ voice, time }, { release, tag }, at) => {
    voice.say(`${time(at)}  captured as ${release}${tag === null ? "" : `, tag ${tag}`}`);
  },
  "release-proven": ({ voice, time }, { release }, at) => {
    voice.good(`${time(at)}  proven healthy: ${release}`);
  },
  "incident-opened": ({ voice, time }, { trigger, tier, mode, since, signals }, at) => {
    voice.heading(`Breach: ${trigger} (tier ${tier}, mode ${mode})`);
    voice.bad(`${time(since)}  first bad sample`);
    voice.bad(`${time(at)}  breach proven by ${signals.join(", ")}`);
  },
  "incident-grown": ({ voice, time }, { trigger, signals }, at) => {
    voice.bad(`${time(at)}  it grows: ${trigger} by ${signals.join(", ")}`);
  },
  judged: ({ voice, time }, { cause, evidence }, at) => {
    voice.say(`${time(at)}  likely cause: ${cause}`);
    for (const line of evidence) {
      voice.aside(`${INDENT}${line}`);
    }
  },
  decided: (telling, { decision }, at) => {
    tellDecision(telling, decision, at);
  },
  planned: ({ voice }, { plan }) => {
    const aim = plan.target === null ? "restart" : `back to ${plan.target}`;
    voice.heading(`Plan ${plan.id}: ${aim}, ${plan.steps.length} steps`);
  },
  "approval-asked": ({ voice, time }, { roles, expiresAt }, at) => {
    voice.say(`${time(at)}  waits for ${roles.join(" and ")}, until ${time(expiresAt)}`);
  },
  approved: ({ voice, time }, { by, role }, at) => {
    voice.good(`${time(at)}  approved by ${by} (${role})`);
  },
  rejected: ({ voice, time }, { by, reason }, at) => {
    voice.bad(`${time(at)}  rejected by ${by}: ${reason}`);
  },
  "recovery-started": ({ voice, time }, _fact, at) => {
    voice.aside(`${time(at)}  carrying it out`);
  },
  "step-finished": tellStep,
  "recovery-ended": ({ voice, time }, { result, reason }, at) => {
    voice.say(`${time(at)}  recovery ${result}: ${reason}`);
  },
  verified: (telling, { verification }, at) => {
    tellVerification(telling, verification, at);
  },
  closed: ({ voice, time }, { outcome, reason }, at) => {
    voice.say(`${time(at)}  incident closed, ${outcome}: ${reason}`);
  },
};

/** Tells a fact of the journal, if it says something to people. */
export function tellFact(telling: Telling, fact: Fact, at: number): void {
  if (isTold(fact)) {
    apply(telling, fact, at);
  }
}

function apply<K extends ToldKind>(telling: Telling, fact: FactOf<K>, at: number): void {
  TELLERS[fact.kind](telling, fact, at);
}

function isTold(fact: Fact): fact is FactMap[ToldKind] {
  return Object.hasOwn(TELLERS, fact.kind);
}

function tellStep(telling: Telling, fact: FactOf<"step-finished">, at: number): void {
  const { voice, time } = telling;
  const text = telling.plan()?.steps.find((step) => step.id === fact.step)?.text ?? fact.step;
  const took = tellDuration(at - (telling.begunAt(fact.step) ?? at));
  const line = `${time(at)}  ${text} (${took})`;
  if (fact.outcome.kind === "failed") {
    voice.bad(`${line}: ${fact.outcome.detail}`);
  } else {
    voice.say(fact.outcome.kind === "done" ? line : `${line}: already done`);
  }
}

function tellDecision({ voice, time }: Telling, decision: Decision, at: number): void {
  voice.heading(`Decision: ${decision.kind}`);
  voice.say(`${time(at)}  ${decision.reason}`);
  for (const guard of decision.guards) {
    if (guard.answer === "allow") {
      voice.good(`${INDENT}allows  ${guard.guard}: ${guard.reason}`);
    } else {
      voice.bad(`${INDENT}blocks  ${guard.guard}: ${guard.reason} (at most ${guard.atMost})`);
    }
  }
}

function tellVerification({ voice, time }: Telling, verification: Verification, at: number): void {
  voice.heading(`Proof: ${verification.result}`);
  for (const check of verification.checks) {
    const line = `${INDENT}${check.name}: ${check.detail}`;
    if (check.passed) {
      voice.good(line);
    } else {
      voice.bad(line);
    }
  }
  voice.say(`${time(at)}  verification done`);
}
