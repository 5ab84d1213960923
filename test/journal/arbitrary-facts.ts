import * as fc from "fast-check";
import { DELIVERY_FAILURES } from "../../src/model/notice.ts";
import { LABELS, type Entry, type Fact } from "../../src/model/facts.ts";
import { RECOVERY_RESULTS } from "../../src/model/plan.ts";
import { ROLES } from "../../src/model/role.ts";

const id = fc.constantFrom("a", "b", "c");
const channel = fc.constantFrom("log", "hook");

function aPlanOf(plan: string, incident: string): Extract<Fact, { kind: "planned" }>["plan"] {
  return {
    id: plan,
    incident,
    scope: "application",
    target: "r1",
    from: {},
    createdAt: 0,
    deadline: 1,
    configHash: "h",
    requestedBy: "policy",
    steps: [],
  };
}

function aNoticeOf(
  notice: string,
  channels: string[],
): Extract<Fact, { kind: "notice-queued" }>["notice"] {
  return {
    id: notice,
    dedupKey: `key-${notice}`,
    at: 0,
    reason: "held",
    urgency: "tell",
    incident: null,
    title: "t",
    text: "t",
    channels,
  };
}

/** Facts of every kind over a few ids, in any order, also ones that no rollwatch would write. */
export const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.constant<Fact>({ kind: "daemon-started", pid: 1, version: "1", configHash: "h" }),
  fc.constant<Fact>({ kind: "daemon-stopped", reason: "asked" }),
  id.map((commit): Fact => ({ kind: "identity-seen", identity: { commit } })),
  fc.tuple(id, fc.nat(1000)).map(([commit, at]): Fact => ({
    kind: "change-seen",
    change: { after: at, at: at + 1, parts: ["commit"], summary: [], to: { commit } },
  })),
  id.map((release): Fact => ({ kind: "release-captured", release, identity: {}, tag: null })),
  id.map((release): Fact => ({ kind: "release-proven", release })),
  id.map((release): Fact => ({ kind: "release-pruned", release })),
  id.map((incident): Fact => ({
    kind: "incident-opened",
    incident,
    trigger: "system-down",
    tier: "immediate",
    mode: "auto",
    since: 0,
    signals: ["down"],
  })),
  id.map((incident): Fact => ({ kind: "judged", incident, cause: "release", evidence: ["e"] })),
  id.map((incident): Fact => ({
    kind: "decided",
    incident,
    decision: { kind: "hold", at: 0, reason: "r", guards: [], target: null },
  })),
  fc
    .tuple(id, id)
    .map(([plan, incident]): Fact => ({ kind: "planned", plan: aPlanOf(plan, incident) })),
  id.map((plan): Fact => ({ kind: "recovery-started", plan })),
  fc.tuple(id, id).map(([plan, step]): Fact => ({ kind: "step-started", plan, step })),
  fc.tuple(id, id).map(([plan, step]): Fact => ({
    kind: "step-finished",
    plan,
    step,
    outcome: { kind: "done", detail: "d" },
  })),
  fc
    .tuple(id, fc.constantFrom(...RECOVERY_RESULTS))
    .map(([plan, result]): Fact => ({ kind: "recovery-ended", plan, result, reason: "r" })),
  id.map((plan): Fact => ({
    kind: "verified",
    plan,
    verification: { result: "proven", at: 0, checks: [] },
  })),
  fc.tuple(id, fc.uniqueArray(channel)).map(([notice, channels]): Fact => ({
    kind: "notice-queued",
    notice: aNoticeOf(notice, channels),
  })),
  fc
    .tuple(id, channel)
    .map(([notice, to]): Fact => ({ kind: "notice-delivered", notice, channel: to })),
  fc
    .tuple(id, channel, fc.constantFrom(...DELIVERY_FAILURES), fc.option(fc.nat(1000)))
    .map(([notice, to, reason, retryAt]): Fact => ({
      kind: "notice-failed",
      notice,
      channel: to,
      reason,
      detail: "d",
      retryAt,
    })),
  id.map((incident): Fact => ({ kind: "closed", incident, outcome: "held", reason: "r" })),
  id.map((incident): Fact => ({
    kind: "incident-grown",
    incident,
    trigger: "error-rate",
    tier: "fast",
    mode: "auto",
    signals: ["down", "errors"],
  })),
  fc.tuple(id, fc.boolean()).map(([plan, everyRole]): Fact => ({
    kind: "approval-asked",
    plan,
    hash: "h",
    roles: ["database-administrator", "system-administrator"],
    everyRole,
    expiresAt: 100,
  })),
  fc
    .tuple(id, fc.constantFrom("Ada", "Eve"), fc.constantFrom(...ROLES))
    .map(([plan, by, role]): Fact => ({ kind: "approved", plan, by, role })),
  id.map((plan): Fact => ({ kind: "rejected", plan, by: "Eve", reason: "r" })),
  id.map((incident): Fact => ({ kind: "acknowledged", incident, by: "Ada" })),
  id.map((incident): Fact => ({ kind: "noted", incident, by: "Ada", text: "t" })),
  id.map((incident): Fact => ({ kind: "task-done", incident, by: "Ada", task: "document" })),
  fc
    .tuple(id, fc.constantFrom(...LABELS))
    .map(([incident, label]): Fact => ({ kind: "labelled", incident, by: "Ada", label })),
  fc.option(fc.nat(1000)).map((until): Fact => ({ kind: "paused", by: "Ada", reason: "r", until })),
  fc.integer({ min: -500, max: 500 }).map((byMs): Fact => ({ kind: "clock-set", byMs })),
  fc.nat(1000).map((until): Fact => ({ kind: "observing-only", reason: "r", until })),
  fc.constant<Fact>({ kind: "resumed", by: "Eve" }),
  fc
    .nat(1000)
    .map((until): Fact => ({ kind: "maintenance-started", by: "Ada", reason: "r", until })),
  fc.constant<Fact>({ kind: "maintenance-ended", by: "Eve" }),
);

/** Facts as the journal numbers and stamps them. */
export function entriesOf(facts: readonly Fact[]): readonly Entry[] {
  return facts.map((fact, place) => ({ seq: place + 1, at: (place + 1) * 10, fact }));
}
