import type { Breached, BreachSituation } from "../../src/decide/situation.ts";
import { PolicySettings } from "../../src/decide/policy.ts";
import { CONTROLS, type Control } from "../../src/model/control.ts";
import type { Fact } from "../../src/model/facts.ts";
import type { History, Incident, Recovery } from "../../src/model/history.ts";
import type { Change, Identity } from "../../src/model/identity.ts";
import type { Notice } from "../../src/model/notice.ts";
import type { Plan, RecoveryResult } from "../../src/model/plan.ts";
import type { Release } from "../../src/model/release.ts";
import type { Service, ServiceInstance } from "../../src/model/service.ts";
import type { Signal, SignalRule } from "../../src/model/signal.ts";
import type { WarmDatabase } from "../../src/model/warm-database.ts";

const HOUR = 3_600_000;

/** Noon of an ordinary Sunday; the moment from which the builders below count. */
export const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

/** A rule over single samples: three bad ones are a breach, two good ones end it; a value above 0 is bad. */
export function aRule(over: Partial<SignalRule> = {}): SignalRule {
  return {
    name: "health",
    trigger: "system-down",
    unit: "failures",
    limit: 0,
    window: { kind: "last" },
    test: { kind: "all" },
    countsTraffic: false,
    minSamples: 1,
    breachAfter: 3,
    clearAfter: 2,
    intervalMs: 2000,
    staleAfterMs: 10_000,
    evidence: "probe",
    ...over,
  };
}

/** A signal that is ok. */
export function aSignal(over: Partial<Signal> = {}): Signal {
  return {
    name: "health",
    trigger: "system-down",
    state: "ok",
    value: 0,
    unit: "failures",
    limit: 0,
    since: NOON,
    badWindows: 0,
    goodWindows: 5,
    reason: "HTTP 200",
    ...over,
  };
}

/** A signal in breach since `firstBadAt`. */
export function aBreachedSignal(over: Partial<Signal> = {}): Signal {
  return aSignal({
    state: "breach",
    value: 1,
    since: NOON + 4000,
    badWindows: 3,
    goodWindows: 0,
    firstBadAt: NOON,
    reason: "connection refused",
    ...over,
  });
}

/** All controls green. */
export function greenControls(): readonly Control[] {
  return CONTROLS.map((name) => ({ name, state: "green", detail: `${name} is fine` }));
}

/** The deployment of a bad commit, begun five seconds before noon. */
export function aChange(over: Partial<Change> = {}): Change {
  return {
    after: NOON - 5000,
    at: NOON - 3000,
    parts: ["commit"],
    summary: ["commit aaaa -> bbbb"],
    to: anIdentity({ commit: BAD_COMMIT }),
    ...over,
  };
}

export const GOOD_COMMIT = "a".repeat(40);
export const BAD_COMMIT = "b".repeat(40);

/** The identity of the good release. */
export function anIdentity(over: Partial<Identity> = {}): Identity {
  return {
    commit: GOOD_COMMIT,
    lockfile: "1111",
    configFiles: { ".env": "2222" },
    definitions: { api: "3333" },
    schema: "002_alerts (2)",
    ...over,
  };
}

/** A captured release with the good identity. */
export function aRelease(over: Partial<Release> = {}): Release {
  return {
    format: 1,
    id: "rel-good",
    capturedAt: NOON - HOUR,
    tag: "pre-deployment-20261122-110000",
    identity: anIdentity(),
    artifacts: [],
    configFiles: [],
    services: [{ name: "api", instances: 1 }],
    interpreter: "v20.20.2",
    ...over,
  };
}

/** A service with one process in the given state. */
export function aService(name: string, over: Partial<ServiceInstance> = {}): Service {
  const instance: ServiceInstance = {
    id: 0,
    uniqueId: `start-of-${name}`,
    pid: 100,
    status: "online",
    restarts: 0,
    startedAt: NOON - HOUR,
    cwd: "/srv/app",
    script: "/srv/app/server.js",
    autorestart: true,
    killTimeoutMs: 1600,
    waitReady: false,
    listenTimeoutMs: 3000,
    definitionHash: "3333",
    ...over,
  };
  return { name, instances: [instance] };
}

/** A plan back to the good release. */
export function aPlan(over: Partial<Plan> = {}): Plan {
  return {
    id: "plan-1",
    incident: "inc-1",
    scope: "application",
    target: "rel-good",
    from: anIdentity({ commit: BAD_COMMIT }),
    createdAt: NOON,
    deadline: NOON + 300_000,
    configHash: "4444",
    requestedBy: "policy",
    steps: [],
    ...over,
  };
}

/** A recovery that ended well at `at`. */
export function aRecovery(at: number, over: Partial<Recovery> = {}): Recovery {
  return {
    plan: aPlan(),
    plannedAt: at - 20_000,
    attempts: [at - 20_000],
    steps: [],
    ended: { at, result: "completed", reason: "proven healthy" },
    ...over,
  };
}

/** An incident that is open since noon. */
export function anIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: "inc-1",
    trigger: "system-down",
    tier: "immediate",
    mode: "auto",
    since: NOON,
    openedAt: NOON + 4000,
    signals: ["health"],
    cause: "release",
    evidence: ["changed 3.0 s before the first bad sample: commit aaaa -> bbbb"],
    decisions: [],
    plans: [],
    ...over,
  };
}

/** A history of nothing but the deployment of the bad commit. */
export function aHistory(over: Partial<History> = {}): History {
  return {
    changes: [aChange()],
    releases: [],
    floors: [],
    incidents: [],
    recoveries: [],
    outbox: [],
    told: new Set(),
    daemonStarts: [],
    ...over,
  };
}

/** A proven breach of the bad release. */
export function aBreachedVerdict(over: Partial<Breached> = {}): Breached {
  return {
    kind: "breached",
    trigger: "system-down",
    tier: "immediate",
    breaches: [],
    since: NOON,
    missing: [],
    attribution: { cause: "release", evidence: [] },
    ...over,
  };
}

/** A situation in which every guard allows the rollback. */
export function aSituation(over: Partial<BreachSituation> = {}): BreachSituation {
  const release = aRelease();
  return {
    now: NOON + 5000,
    verdict: aBreachedVerdict(),
    since: NOON,
    policy: PolicySettings.parse({ triggers: { "system-down": { mode: "auto" } } }),
    history: aHistory(),
    identity: anIdentity({ commit: BAD_COMMIT }),
    controls: greenControls(),
    services: [aService("api"), aService("importer")],
    stopped: [],
    unattributed: [],
    concerned: ["api"],
    target: {
      kind: "candidate",
      release,
      provenAt: NOON - HOUR,
      readiness: { kind: "ready", checkedAt: NOON - 60_000 },
    },
    busy: [],
    work: [{ name: "api", work: "transactional", boot: 10_000 }],
    lockHeld: true,
    evidence: ["probe"],
    ...over,
  };
}

/** A page of the open incident for one channel. */
export function aNotice(over: Partial<Notice> = {}): Notice {
  return {
    id: "ntc-1",
    dedupKey: "inc-1:rollback-started:plan-1",
    at: NOON,
    reason: "rollback-started",
    urgency: "page",
    incident: "inc-1",
    title: "rolling back",
    text: "it is down",
    channels: ["test"],
    ...over,
  };
}

/** A warm database that waits beside the live one. */
export function aWarmDatabase(over: Partial<WarmDatabase> = {}): WarmDatabase {
  return {
    name: "rollwatch_snap_1",
    oid: 17,
    live: { name: "radiation", oid: 16 },
    systemIdentifier: null,
    serverVersion: "15.18",
    at: 1,
    how: "clone",
    seconds: 0.5,
    rows: { "public.alerts": 3 },
    schemaFingerprint: "f",
    snapshot: "10:10:",
    properties: {
      owner: "app",
      connectionLimit: -1,
      acl: ["app=CTc/app"],
      settings: [" TimeZone=UTC"],
      comment: null,
    },
    ...over,
  };
}

/** The opening of the incident that plans are of. */
export function anOpening(incident = "inc-1"): Fact {
  const { trigger, tier, mode, since, signals } = anIncident();
  return { kind: "incident-opened", incident, trigger, tier, mode, since, signals: [...signals] };
}

/** The end of a plan that was recorded; it is completed only after its proof. */
export function anEnding(plan: string, result: RecoveryResult): readonly Fact[] {
  const ended: Fact = { kind: "recovery-ended", plan, result, reason: "so it was" };
  return result === "completed" ? [aProof(plan), ended] : [ended];
}

/** The proof that a recovery helped. */
export function aProof(plan: string): Fact {
  return { kind: "verified", plan, verification: { result: "proven", at: NOON, checks: [] } };
}
