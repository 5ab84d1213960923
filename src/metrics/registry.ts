import type { Control } from "../model/control.ts";
import { DECISIONS } from "../model/decision.ts";
import { LABELS } from "../model/facts.ts";
import type { Entry } from "../model/facts.ts";
import type { History } from "../model/history.ts";
import { DELIVERY_FAILURES } from "../model/notice.ts";
import { RECOVERY_RESULTS, SCOPES } from "../model/plan.ts";
import type { Scope } from "../model/plan.ts";
import type { ShadowRecord } from "../model/record.ts";
import { ABSENCE_REASONS } from "../model/sample.ts";
import type { Sample } from "../model/sample.ts";
import type { Service } from "../model/service.ts";
import { TIERS } from "../model/tier.ts";
import { TRIGGERS } from "../model/trigger.ts";
import type { Signal } from "../model/signal.ts";
import type { Verdict } from "../model/verdict.ts";
import { APPROVAL_RESULTS, countEntry, showHistory } from "./facts.ts";
import { defineMeasures } from "./measures.ts";
import type { Measures } from "./measures.ts";
import {
  showControls,
  showMoment,
  showRecord,
  showRound,
  showSample,
  showServices,
  showSignals,
  showDatabase,
  showSnapshot,
  showVerdict,
  type TierOf,
} from "./observed.ts";

/** What is known when the daemon starts: names that labels are taken from, so that every series begins at zero. */
export interface MetricsSetup {
  readonly application: string;
  readonly version: string;
  /** Such as `v20.20.2`. */
  readonly nodeVersion: string;
  readonly probes: readonly {
    readonly signal: string;
    readonly kind: string;
    /** Durations that mean something for it: its timeout, and above which it is slow. */
    readonly limitsMs: readonly number[];
  }[];
  readonly tierOf: TierOf;
  readonly guards: readonly string[];
  /** Kinds of steps. */
  readonly steps: readonly string[];
  readonly channels: readonly string[];
}

/** Statuses of requests that rollwatch, or what is around it, failed: its own fault, and trouble that it could name. */
const API_FAILURES = ["500", "503"] as const;

/** What came of a heartbeat. */
const HEARTBEAT_RESULTS = ["sent", "failed"] as const;
type HeartbeatResult = (typeof HEARTBEAT_RESULTS)[number];

/** The metrics of one daemon, fed by what happens; a scrape only reads. */
export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
  /** Brings back what a restart must not forget. */
  onStart(history: History): void;
  /** `history` already contains the entry. */
  onEntry(entry: Entry, history: History): void;
  onSample(sample: Sample, kind: string): void;
  onSignals(signals: readonly Signal[]): void;
  onVerdict(verdict: Verdict): void;
  onControls(controls: readonly Control[]): void;
  /** The services as pm2 has them; undefined when pm2 does not answer. */
  onServices(services: readonly Service[] | undefined): void;
  /** A round of judgement that began this late. */
  onRound(lagMs: number): void;
  /** Whether a rollback could be done now. */
  onReadiness(scope: Scope, ready: boolean): void;
  /** The time of day: pauses, maintenance and budgets depend on it. */
  onMoment(history: History, now: number): void;
  /** The newest snapshot of the database that a proven release has; undefined while there is none. */
  onSnapshot(ageMs: number | undefined): void;
  /** Whether a warm database waits; how long its dump took to restore, which is the way without one. */
  onDatabase(isWarm: boolean, restoreSeconds: number | undefined): void;
  /** How often rollwatch was right, by trigger. */
  onRecord(record: ShadowRecord): void;
  /** A request to rollwatch was answered with this status of 5xx. */
  onApiFailure(status: number): void;
  /** A cycle was completed, at wall time. */
  onCycle(at: number): void;
  onHeartbeat(result: HeartbeatResult): void;
}

/** Makes the metrics of a daemon. */
export function createMetrics(setup: MetricsSetup): Metrics {
  const limits = setup.probes.flatMap((probe) => probe.limitsMs.map((ms) => ms / 1000));
  const measures = defineMeasures(setup.application, limits);
  beginAtZero(measures, setup);
  return {
    contentType: measures.registry.contentType,
    render: async () => measures.registry.metrics(),
    onStart: (history) => {
      showHistory(measures, history);
    },
    onEntry: (entry, history) => {
      countEntry(measures, entry, history);
    },
    onSample: (sample, kind) => {
      showSample(measures, sample, kind);
    },
    onSignals: (signals) => {
      showSignals(measures, signals);
    },
    onVerdict: (verdict) => {
      showVerdict(measures, verdict, setup.tierOf);
    },
    onControls: (controls) => {
      showControls(measures, controls);
    },
    onServices: (services) => {
      showServices(measures, services);
    },
    onRound: (lagMs) => {
      showRound(measures, lagMs);
    },
    onReadiness: (scope, ready) => {
      measures.rollbackReady.set({ scope }, ready ? 1 : 0);
    },
    onMoment: (history, now) => {
      showMoment(measures, history, now);
    },
    onSnapshot: (ageMs) => {
      showSnapshot(measures, ageMs);
    },
    onDatabase: (isWarm, restoreSeconds) => {
      showDatabase(measures, isWarm, restoreSeconds);
    },
    onRecord: (record) => {
      showRecord(measures, record);
    },
    ...ownLife(measures),
  };
}

/** What becomes of rollwatch itself. */
function ownLife(measures: Measures): Pick<Metrics, "onCycle" | "onHeartbeat" | "onApiFailure"> {
  return {
    onApiFailure: (status) => {
      measures.apiFailures.inc({ status: String(status) });
    },
    onCycle: (at) => {
      measures.lastCycle.set(at / 1000);
    },
    onHeartbeat: (result) => {
      measures.heartbeats.inc({ result });
    },
  };
}

/** A counter that first appears with its first event hides that event from `rate()`. */
function beginAtZero(measures: Measures, setup: MetricsSetup): void {
  measures.buildInfo.set({ version: setup.version, node_version: setup.nodeVersion }, 1);
  for (const { signal, kind } of setup.probes) {
    measures.probeRuns.inc({ signal, kind }, 0);
    measures.probeDuration.zero({ signal });
    for (const reason of ABSENCE_REASONS) {
      measures.probeFailures.inc({ signal, reason }, 0);
    }
  }
  for (const status of API_FAILURES) {
    measures.apiFailures.inc({ status }, 0);
  }
  for (const result of HEARTBEAT_RESULTS) {
    measures.heartbeats.inc({ result }, 0);
  }
  for (const guard of setup.guards) {
    measures.guardBlocks.inc({ guard }, 0);
  }
  for (const step of setup.steps) {
    measures.stepDuration.zero({ step });
  }
  for (const tier of TIERS) {
    measures.incidentsOpen.set({ tier }, 0);
  }
  for (const label of LABELS) {
    measures.decisionLabels.inc({ label }, 0);
  }
  for (const result of APPROVAL_RESULTS) {
    measures.approvals.inc({ result }, 0);
  }
  beginTriggers(measures, setup.tierOf);
  beginChannels(measures, setup.channels);
}

function beginTriggers(measures: Measures, tierOf: TierOf): void {
  for (const scope of SCOPES) {
    measures.rollbackReady.set({ scope }, 0);
    measures.rollbackDuration.zero({ scope });
  }
  for (const trigger of TRIGGERS) {
    measures.breachActive.set({ trigger, tier: tierOf(trigger) }, 0);
    for (const decision of DECISIONS) {
      measures.decisions.inc({ decision, trigger }, 0);
    }
    for (const scope of SCOPES) {
      for (const result of RECOVERY_RESULTS) {
        measures.rollbacks.inc({ scope, trigger, result }, 0);
      }
    }
  }
}

function beginChannels(measures: Measures, channels: readonly string[]): void {
  for (const channel of channels) {
    measures.notices.inc({ channel }, 0);
    for (const reason of DELIVERY_FAILURES) {
      measures.noticeFailures.inc({ channel, reason }, 0);
    }
  }
}
