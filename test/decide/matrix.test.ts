import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import { blameWindowMsOf, PolicySettings, tierOf } from "../../src/decide/policy.ts";
import type { BreachSituation } from "../../src/decide/situation.ts";
import { attribute } from "../../src/judge/cause.ts";
import type { Control, ControlName } from "../../src/model/control.ts";
import type { DecisionKind } from "../../src/model/decision.ts";
import type { Breach } from "../../src/model/signal.ts";
import { type Mode, type Trigger, TRIGGERS } from "../../src/model/trigger.ts";
import type { Cause } from "../../src/model/verdict.ts";
import {
  aBreachedVerdict,
  aChange,
  aHistory,
  anIncident,
  aSituation,
  greenControls,
  NOON,
} from "../support/builders.ts";

/** The modes of the runbook; `alerting-broken` as it is once a test identity is declared. */
const MODES: Readonly<Record<Trigger, Mode>> = {
  "system-down": "auto",
  "database-connection": "auto",
  "security-vulnerability": "recommend",
  "data-corruption": "recommend",
  "alerting-broken": "auto",
  "slow-responses": "auto",
  "error-rate": "auto",
  memory: "auto",
  "pool-exhausted": "auto",
  websocket: "auto",
  "minor-functionality": "recommend",
  "user-interface": "recommend",
  "non-critical-feature": "recommend",
  "monitoring-broken": "recommend",
};

const POLICY = PolicySettings.parse({
  triggers: Object.fromEntries(Object.entries(MODES).map(([name, mode]) => [name, { mode }])),
});

/** What is there beside the breach: the changes, which controls are red, and the rest of the situation. */
interface Circumstances {
  readonly changes?: readonly ReturnType<typeof aChange>[];
  readonly red?: readonly ControlName[];
  readonly outage?: ControlName;
  readonly more?: (trigger: Trigger) => Partial<BreachSituation>;
}

function controlsWith({ red = [], outage }: Circumstances): readonly Control[] {
  const past = { from: NOON - 5000, until: NOON + 2000, detail: "it refused" };
  return greenControls().map((one) => ({
    ...one,
    ...(red.includes(one.name) ? { state: "red" as const } : {}),
    ...(one.name === outage ? { outage: past } : {}),
  }));
}

/** A proven breach of the trigger since noon, judged and decided under these circumstances. */
function decided(
  trigger: Trigger,
  circumstances: Circumstances,
): { readonly kind: DecisionKind; readonly cause: Cause } {
  const changes = circumstances.changes ?? [aChange()];
  const controls = controlsWith(circumstances);
  const blameWindowMs = blameWindowMsOf(POLICY, trigger);
  const breaches: readonly Breach[] = [
    {
      signal: "probe",
      trigger,
      value: 1,
      limit: 0,
      unit: "failures",
      since: NOON,
      provenAt: NOON + 4000,
      reason: "it failed",
    },
  ];
  const found = { breaches, since: NOON, changes, controls, services: [], blameWindowMs };
  const attribution = attribute(found);
  const tier = tierOf(POLICY, trigger);
  const { kind } = decide(
    aSituation({
      policy: POLICY,
      verdict: aBreachedVerdict({ trigger, tier, breaches, attribution }),
      history: aHistory({ changes: [...changes] }),
      controls,
      ...circumstances.more?.(trigger),
    }),
  );
  return { kind, cause: attribution.cause };
}

/** The same breach was there before the change. */
function sickBefore(trigger: Trigger): Partial<BreachSituation> {
  const earlier = anIncident({ id: "inc-0", trigger, since: NOON - 60_000 });
  const closed = { at: NOON, outcome: "held", reason: "it cleared" } as const;
  const incidents = [{ ...earlier, closed }];
  return { history: aHistory({ incidents }) };
}

const CASES = {
  change: {},
  none: { changes: [] },
  "too old": { changes: [aChange({ after: 0, at: NOON - 25 * 3_600_000 })] },
  "after it": { changes: [aChange({ after: NOON + 1, at: NOON + 2 })] },
  before: { more: sickBefore },
  webhook: { more: () => ({ evidence: ["webhook"] as const }) },
  report: { more: () => ({ evidence: ["report"] as const }) },
} satisfies Readonly<Record<string, Circumstances>>;

type Row = Readonly<Record<keyof typeof CASES, DecisionKind>>;

/** Acts by itself on a change; without one restarts, where the runbook says so. */
const RESTARTED: Row = {
  change: "roll-back",
  none: "restart",
  "too old": "restart",
  "after it": "restart",
  before: "recommend",
  webhook: "recommend",
  report: "recommend",
};
/** Acts by itself on a change; without one it pages. */
const PAGED: Row = { ...RESTARTED, none: "hold", "too old": "hold", "after it": "hold" };
/** A person decides in any case; without a change there is nothing to decide about. */
const ASKED: Row = { ...PAGED, change: "recommend" };

const EXPECTED: Readonly<Record<Trigger, Row>> = {
  "system-down": RESTARTED,
  "database-connection": PAGED,
  "security-vulnerability": ASKED,
  "data-corruption": ASKED,
  "alerting-broken": RESTARTED,
  "slow-responses": PAGED,
  "error-rate": PAGED,
  memory: RESTARTED,
  "pool-exhausted": RESTARTED,
  websocket: RESTARTED,
  "minor-functionality": ASKED,
  "user-interface": ASKED,
  "non-critical-feature": ASKED,
  "monitoring-broken": ASKED,
};

/** What is red, and whom that accuses: nothing of it is cured by another release or a fresh process. */
const ACCUSED: readonly (readonly [string, Circumstances, Cause])[] = [
  ["the database", { red: ["database"] }, "database"],
  ["an upstream", { red: ["upstream"] }, "upstream"],
  ["the disk", { red: ["disk"] }, "host"],
  ["the memory", { red: ["memory"] }, "host"],
  ["pm2", { red: ["pm2"] }, "host"],
  ["the resolver", { red: ["dns"] }, "host"],
  ["the network", { red: ["database", "upstream"] }, "host"],
  ["its own loopback", { red: ["loopback"] }, "monitoring"],
  ["itself", { red: ["event-loop"] }, "monitoring"],
  ["a database that was away when it began", { outage: "database" }, "database"],
  ["an upstream that was away when it began", { outage: "upstream" }, "upstream"],
];

describe.each(TRIGGERS)("a breach of %s", (trigger) => {
  it.each(Object.entries(CASES))(
    "where the change is `%s` is decided by the runbook",
    (name, circumstances) => {
      const expected = Object.entries(EXPECTED[trigger]).find(([key]) => key === name)?.[1];

      expect(decided(trigger, circumstances).kind).toBe(expected);
    },
  );

  it.each(ACCUSED)(
    "that %s explains moves nothing, with a change and without",
    (_who, circumstances, cause) => {
      const after = decided(trigger, circumstances);
      const without = decided(trigger, { ...circumstances, changes: [] });

      expect([after, without]).toEqual([
        { kind: "hold", cause },
        { kind: "hold", cause },
      ]);
    },
  );
});
