import { SIGNAL_STATES, type SignalState } from "../../src/model/signal.ts";
import type { Row, Words } from "./panel.ts";

/** The chosen application's series. */
export const OWN = 'application="$application"';

const UP: Words = { "0": ["down", "red"], "1": ["up", "green"] };
const YES: Words = { "0": ["no", "red"], "1": ["yes", "green"] };
const ON: Words = { "0": ["off", "green"], "1": ["on", "orange"] };
const BREACHED: Words = { "0": ["healthy", "green"], "1": ["breached", "red"] };
const STATE_COLORS: Readonly<Record<SignalState, string>> = {
  ok: "green",
  breach: "red",
  "too-few-samples": "blue",
  "no-data": "light-orange",
  stale: "orange",
  "probe-error": "purple",
};

/** What one wants to know at once. */
export const overview: Row = {
  title: "Overview",
  panels: [
    {
      kind: "number",
      title: "Up",
      description: "Nothing is said of what cannot be known just now.",
      width: 5,
      words: UP,
      noValue: "not known",
      queries: [
        { expr: `rollwatch_application_up{${OWN}}`, legend: "application" },
        { expr: `rollwatch_pm2_up{${OWN}}`, legend: "pm2" },
        { expr: `rollwatch_database_up{${OWN}}`, legend: "database" },
      ],
    },
    {
      kind: "number",
      title: "Services",
      description: "Up: every process of the service is online.",
      width: 5,
      words: UP,
      noValue: "not known",
      queries: [{ expr: `rollwatch_service_up{${OWN}}`, legend: "{{service}}" }],
    },
    {
      kind: "number",
      title: "Open incidents",
      description: "Breaches that are not over.",
      width: 3,
      queries: [{ expr: `sum by (tier) (rollwatch_incidents_open{${OWN}})`, legend: "{{tier}}" }],
    },
    {
      kind: "bars",
      title: "Time used of the budget",
      description: "Of the open incident, since its first bad sample.",
      width: 4,
      unit: "percentunit",
      queries: [{ expr: `rollwatch_budget_used_ratio{${OWN}}`, legend: "{{tier}}" }],
    },
    {
      kind: "number",
      title: "Held back",
      description: "While any of them is on, rollwatch does nothing by itself.",
      width: 3,
      words: ON,
      queries: [
        { expr: `rollwatch_paused{${OWN}}`, legend: "paused" },
        { expr: `rollwatch_maintenance{${OWN}}`, legend: "maintenance" },
        { expr: `rollwatch_observing_only{${OWN}}`, legend: "observing only" },
      ],
    },
    {
      kind: "number",
      title: "Ready",
      description: "Whether a rollback or a restart could begin now.",
      width: 4,
      words: YES,
      queries: [{ expr: `rollwatch_rollback_ready{${OWN}}`, legend: "{{scope}}" }],
    },
    {
      kind: "number",
      title: "It would take",
      description: "As long as the last one took.",
      width: 4,
      height: 4,
      unit: "s",
      noValue: "not known",
      queries: [{ expr: `rollwatch_rollback_estimated_seconds{${OWN}}`, legend: "{{scope}}" }],
    },
    {
      kind: "number",
      title: "Age of the database's snapshot",
      description: "The newest one of a proven release.",
      width: 4,
      height: 4,
      unit: "s",
      queries: [{ expr: `rollwatch_snapshot_age_seconds{${OWN}}`, legend: "snapshot" }],
    },
    {
      kind: "number",
      title: "Captured releases",
      description: "Each with its commit.",
      width: 12,
      height: 4,
      namesOnly: true,
      queries: [{ expr: `rollwatch_release_info{${OWN}}`, legend: "{{release}} {{commit}}" }],
    },
    {
      kind: "number",
      title: "Watcher",
      description: "The version that runs.",
      width: 4,
      height: 4,
      namesOnly: true,
      queries: [
        { expr: `rollwatch_build_info{${OWN}}`, legend: "{{version}}, Node {{node_version}}" },
      ],
    },
  ],
};

/** What was measured and how it is judged. */
export const signals: Row = {
  title: "Signals",
  panels: [
    {
      kind: "states",
      title: "State",
      description: "Only a breach ever moves a rollback forward.",
      width: 12,
      height: 9,
      words: stateWords(),
      queries: [{ expr: stateNumber(), legend: "{{signal}}" }],
    },
    {
      kind: "states",
      title: "Breached triggers",
      description: "The situations of the runbook.",
      width: 12,
      height: 9,
      words: BREACHED,
      queries: [
        { expr: `max by (trigger) (rollwatch_breach_active{${OWN}})`, legend: "{{trigger}}" },
      ],
    },
    {
      kind: "lines",
      title: "$signal",
      description: "Its value against the highest healthy one, in its own unit.",
      width: 6,
      repeat: "signal",
      queries: [
        { expr: `rollwatch_signal_value{${OWN},signal="$signal"}`, legend: "value" },
        { expr: `rollwatch_signal_limit{${OWN},signal="$signal"}`, legend: "limit" },
      ],
    },
    {
      kind: "lines",
      title: "What single requests took",
      description: "The 50th, 95th and 99th percentile of the signals that time requests.",
      width: 12,
      unit: "s",
      queries: [
        {
          expr: `rollwatch_signal_percentile_seconds{${OWN}}`,
          legend: "{{signal}} p{{percentile}}",
        },
      ],
    },
  ],
};

/** How the measuring goes. */
export const probes: Row = {
  title: "Probes",
  panels: [
    {
      kind: "lines",
      title: "Duration, 95th percentile",
      description: "From the moment a run was due.",
      width: 8,
      unit: "s",
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (signal, le) (rate(rollwatch_probe_duration_seconds_bucket{${OWN}}[$__rate_interval])))`,
          legend: "{{signal}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Runs",
      description: "Per second.",
      width: 5,
      unit: "cps",
      queries: [
        {
          expr: `sum by (kind) (rate(rollwatch_probe_runs_total{${OWN}}[$__rate_interval]))`,
          legend: "{{kind}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Runs that could not measure",
      description: "The watcher's own trouble, never the application's.",
      width: 6,
      queries: [
        {
          expr: `sum by (reason) (increase(rollwatch_probe_failures_total{${OWN}}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    },
    {
      kind: "bars",
      title: "Since the last measurement",
      description: "More than a few intervals: rollwatch is blind there.",
      width: 5,
      unit: "s",
      queries: [
        {
          expr: `time() - rollwatch_probe_last_success_timestamp_seconds{${OWN}}`,
          legend: "{{signal}}",
        },
      ],
    },
  ],
};

/** What was decided, and why nothing was done. */
export const decisions: Row = {
  title: "Decisions and guards",
  panels: [
    {
      kind: "bars",
      title: "Decisions",
      description: "In the chosen time.",
      width: 5,
      queries: [
        {
          expr: `sum by (decision) (increase(rollwatch_decisions_total{${OWN}}[$__range]))`,
          legend: "{{decision}}",
        },
      ],
    },
    {
      kind: "bars",
      title: "Decisions by trigger",
      description: "In the chosen time.",
      width: 6,
      queries: [
        {
          expr: `sum by (trigger) (increase(rollwatch_decisions_total{${OWN}}[$__range]))`,
          legend: "{{trigger}}",
        },
      ],
    },
    {
      kind: "bars",
      title: "Guards that held back",
      description: "The ten that did most often in the chosen time.",
      width: 6,
      queries: [
        {
          expr: `topk(10, increase(rollwatch_guard_blocks_total{${OWN}}[$__range]))`,
          legend: "{{guard}}",
        },
      ],
    },
    {
      kind: "number",
      title: "Time to detect, 95th percentile",
      description: "From the first bad sample to the proven breach.",
      width: 4,
      unit: "s",
      noValue: "no breach",
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le) (increase(rollwatch_detection_seconds_bucket{${OWN}}[$__range])))`,
          legend: "detection",
        },
      ],
    },
    {
      kind: "number",
      title: "Was it right?",
      description: "As people labelled the incidents.",
      width: 3,
      queries: [
        {
          expr: `sum by (label) (increase(rollwatch_decision_labels_total{${OWN}}[$__range]))`,
          legend: "{{label}}",
        },
      ],
    },
  ],
};

/** One number for each signal: the place of its state in the list, from 1. */
function stateNumber(): string {
  return SIGNAL_STATES.map((state, index) => {
    const sum = `sum by (signal) (rollwatch_signal_state{${OWN},state="${state}"})`;
    return `${index + 1} * ${sum}`;
  }).join(" + ");
}

function stateWords(): Words {
  return Object.fromEntries(
    SIGNAL_STATES.map((state, index) => [String(index + 1), [state, STATE_COLORS[state]]]),
  );
}
