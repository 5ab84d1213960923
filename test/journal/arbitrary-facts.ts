import * as fc from "fast-check";
import { DELIVERY_FAILURES } from "../../src/model/notice.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { RECOVERY_RESULTS } from "../../src/model/plan.ts";

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
);

/** Facts as the journal numbers and stamps them. */
export function entriesOf(facts: readonly Fact[]): readonly Entry[] {
  return facts.map((fact, place) => ({ seq: place + 1, at: (place + 1) * 10, fact }));
}
