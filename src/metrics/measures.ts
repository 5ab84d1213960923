import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { TIER_BUDGET_MS } from "../model/tier.ts";

const PREFIX = "rollwatch_";
const PROBE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const DETECTION_SECONDS = [1, 2, 4, 6, 8, 10, 15, 30, 60, 120];
const STEP_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const RECOVERY_SECONDS = [1, 2.5, 5, 10, 15, 30, 60, 120];
/** Gauges whose names end in `_total`, which that suffix is not for. */
const MISNAMED_DEFAULTS = [
  "nodejs_active_resources_total",
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
];

/** Every metric of rollwatch, by its name without the prefix. */
export interface Measures
  extends
    ReturnType<typeof defineTargets>,
    ReturnType<typeof defineSignals>,
    ReturnType<typeof defineDecisions>,
    ReturnType<typeof defineRollbacks>,
    ReturnType<typeof defineApprovals>,
    ReturnType<typeof defineRecord>,
    ReturnType<typeof defineTelling> {
  readonly registry: Registry;
}

/** Defines every metric on a registry of its own. `probeLimits` (seconds) become edges of the probes' histogram. */
export function defineMeasures(application: string, probeLimits: readonly number[]): Measures {
  const registry = new Registry();
  registry.setDefaultLabels({ application });
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  for (const name of MISNAMED_DEFAULTS) {
    registry.removeSingleMetric(`${PREFIX}${name}`);
  }
  return {
    registry,
    ...defineTargets(registry),
    ...defineSignals(registry, probeLimits),
    ...defineDecisions(registry),
    ...defineRollbacks(registry),
    ...defineApprovals(registry),
    ...defineRecord(registry),
    ...defineTelling(registry),
  };
}

function defineRecord(registry: Registry) {
  return {
    recordPrecision: gauge(
      registry,
      "record_precision_ratio",
      "Share of the labelled incidents of a trigger that were right.",
      ["trigger"],
    ),
    recordRecall: gauge(
      registry,
      "record_recall_ratio",
      "Right incidents of a trigger among those and the ones that only a person saw.",
      ["trigger"],
    ),
    recordDetection: gauge(
      registry,
      "record_detection_seconds",
      "Median time from the first bad sample to the proven breach of a trigger.",
      ["trigger"],
    ),
    recordRecovery: gauge(
      registry,
      "record_recovery_seconds",
      "Median time from the first bad sample to the proven recovery of a trigger.",
      ["trigger"],
    ),
  };
}

function defineTargets(registry: Registry) {
  return {
    buildInfo: gauge(registry, "build_info", "The running program; always 1.", [
      "version",
      "node_version",
    ]),
    applicationUp: gauge(
      registry,
      "application_up",
      "1 while no signal of system-down is in breach, 0 while one is.",
    ),
    serviceUp: gauge(registry, "service_up", "1 while every process of the service is online.", [
      "service",
    ]),
    pm2Up: gauge(registry, "pm2_up", "1 while the application's pm2 daemon answers."),
    databaseUp: gauge(registry, "database_up", "1 while the database answers rollwatch itself."),
  };
}

function defineSignals(registry: Registry, probeLimits: readonly number[]) {
  return {
    probeRuns: counter(registry, "probe_runs_total", "Probe runs.", ["signal", "kind"]),
    probeFailures: counter(
      registry,
      "probe_failures_total",
      "Probe runs that could not measure, by reason.",
      ["signal", "reason"],
    ),
    probeDuration: histogram(
      registry,
      "probe_duration_seconds",
      "Time of a probe run, from the moment it was due.",
      { labels: ["signal"], edges: [...PROBE_SECONDS, ...probeLimits] },
    ),
    probeLastSuccess: gauge(
      registry,
      "probe_last_success_timestamp_seconds",
      "When the probe last measured something.",
      ["signal"],
    ),
    signalValue: gauge(
      registry,
      "signal_value",
      "The newest measured value, in the signal's unit.",
      ["signal"],
    ),
    signalLimit: gauge(
      registry,
      "signal_limit",
      "The highest healthy value, in the signal's unit.",
      ["signal"],
    ),
    signalPercentile: gauge(
      registry,
      "signal_percentile_seconds",
      "What single requests took in the last five to ten minutes.",
      ["signal", "percentile"],
    ),
    signalState: gauge(registry, "signal_state", "1 for the state the signal is in.", [
      "signal",
      "state",
    ]),
    breachActive: gauge(registry, "breach_active", "1 while the trigger is breached.", [
      "trigger",
      "tier",
    ]),
    tickLag: gauge(registry, "tick_lag_seconds", "How late the newest round of judgement began."),
  };
}

function defineDecisions(registry: Registry) {
  return {
    decisions: counter(registry, "decisions_total", "Decisions by kind.", ["decision", "trigger"]),
    guardBlocks: counter(registry, "guard_blocks_total", "Times a guard held a rollback back.", [
      "guard",
    ]),
    detection: histogram(
      registry,
      "detection_seconds",
      "Time from the first bad sample to the proven breach.",
      { labels: [], edges: DETECTION_SECONDS },
    ),
    budgetUsed: gauge(
      registry,
      "budget_used_ratio",
      "Share of the tier's time that the longest open incident has used up; 0 without one.",
      ["tier"],
    ),
    decisionLabels: counter(
      registry,
      "decision_labels_total",
      "Times a person said whether rollwatch was right about an incident.",
      ["label"],
    ),
    paused: gauge(registry, "paused", "1 while people keep rollwatch from acting by itself."),
    observing: gauge(
      registry,
      "observing_only",
      "1 while rollwatch asks people instead of acting, because it ended uncleanly too often.",
    ),
    maintenance: gauge(registry, "maintenance", "1 while people work on the application."),
  };
}

function defineApprovals(registry: Registry) {
  return {
    approvalsWaiting: gauge(
      registry,
      "approvals_waiting",
      "Plans that wait for people's approval.",
    ),
    approvals: counter(
      registry,
      "approvals_total",
      "Plans that waited for approval, or for a no while they were counted down, by what came of it.",
      ["result"],
    ),
  };
}

function defineRollbacks(registry: Registry) {
  const budgets = Object.values(TIER_BUDGET_MS).map((ms) => ms / 1000);
  return {
    rollbacks: counter(registry, "rollbacks_total", "Rollbacks and restarts that ended.", [
      "scope",
      "trigger",
      "result",
    ]),
    rollbackDuration: histogram(
      registry,
      "rollback_duration_seconds",
      "Time from the beginning of a rollback or restart to its end.",
      { labels: ["scope"], edges: [...RECOVERY_SECONDS, ...budgets] },
    ),
    stepDuration: histogram(registry, "rollback_step_duration_seconds", "Time of a step.", {
      labels: ["step"],
      edges: STEP_SECONDS,
    }),
    rollbackReady: gauge(
      registry,
      "rollback_ready",
      "1 while it could begin: a proven release can be restored, or the services restarted.",
      ["scope"],
    ),
    rollbackEstimated: gauge(
      registry,
      "rollback_estimated_seconds",
      "How long it would take now: as long as the last one.",
      ["scope"],
    ),
    snapshotAge: gauge(
      registry,
      "snapshot_age_seconds",
      "Age of the newest snapshot of the database that belongs to a proven release.",
    ),
    releaseInfo: gauge(registry, "release_info", "Captured releases; always 1.", [
      "release",
      "commit",
    ]),
    recovery: histogram(
      registry,
      "recovery_seconds",
      "Time from the first bad sample to the system proven healthy again.",
      { labels: [], edges: [...RECOVERY_SECONDS, ...budgets] },
    ),
  };
}

function defineTelling(registry: Registry) {
  return {
    notices: counter(registry, "notices_total", "Deliveries tried.", ["channel"]),
    noticeFailures: counter(
      registry,
      "notice_failures_total",
      "Deliveries that failed, by reason.",
      ["channel", "reason"],
    ),
    noticesQueued: gauge(registry, "notices_queued", "Notices that some channel must still have."),
    incidentsOpen: gauge(registry, "incidents_open", "Incidents that are not closed.", ["tier"]),
    lastCycle: gauge(
      registry,
      "last_cycle_timestamp_seconds",
      "When rollwatch last came to the end of a cycle over samples that still come.",
    ),
    heartbeats: counter(
      registry,
      "heartbeats_total",
      "Heartbeats to the outside, by what came of them.",
      ["result"],
    ),
    apiFailures: counter(
      registry,
      "api_failures_total",
      "Requests to rollwatch that it could not answer, by status.",
      ["status"],
    ),
  };
}

function gauge<T extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly T[] = [],
): Gauge<T> {
  const registers = [registry];
  return new Gauge({ name: `${PREFIX}${name}`, help, labelNames: [...labelNames], registers });
}

function counter<T extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly T[],
): Counter<T> {
  const registers = [registry];
  return new Counter({ name: `${PREFIX}${name}`, help, labelNames: [...labelNames], registers });
}

function histogram<T extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  shape: { readonly labels: readonly T[]; readonly edges: readonly number[] },
): Histogram<T> {
  return new Histogram({
    name: `${PREFIX}${name}`,
    help,
    labelNames: [...shape.labels],
    buckets: [...new Set(shape.edges)].toSorted((left, right) => left - right),
    registers: [registry],
  });
}
