import { TIER_BUDGET_MS } from "../../src/model/tier.ts";
import type { Row } from "./panel.ts";
import { OWN } from "./rows-seen.ts";

const SHORTEST_BUDGET = TIER_BUDGET_MS.immediate / 1000;

/** What was done about breaches, and how long it took. */
export const rollbacks: Row = {
  title: "Rollbacks and restarts",
  panels: [
    {
      kind: "bars",
      title: "Results",
      description: "In the chosen time; the scope service is a restart.",
      width: 6,
      queries: [
        {
          expr: `sum by (scope, result) (increase(rollwatch_rollbacks_total{${OWN}}[$__range]))`,
          legend: "{{scope}} {{result}}",
        },
      ],
    },
    {
      kind: "bars",
      title: "Triggers",
      description: "Because of what, in the chosen time.",
      width: 6,
      queries: [
        {
          expr: `sum by (trigger) (increase(rollwatch_rollbacks_total{${OWN}}[$__range]))`,
          legend: "{{trigger}}",
        },
      ],
    },
    {
      kind: "number",
      title: "Duration, 95th percentile",
      description: "From the first step to the end.",
      width: 4,
      unit: "s",
      noValue: "none ended",
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (scope, le) (increase(rollwatch_rollback_duration_seconds_bucket{${OWN}}[$__range])))`,
          legend: "{{scope}}",
        },
      ],
    },
    {
      kind: "number",
      title: "Healthy again, 95th percentile",
      description: "From the first bad sample to the system proven healthy.",
      width: 4,
      unit: "s",
      noValue: "none proven",
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le) (increase(rollwatch_recovery_seconds_bucket{${OWN}}[$__range])))`,
          legend: "recovery",
        },
      ],
    },
    {
      kind: "number",
      title: `Healthy again within ${SHORTEST_BUDGET / 60} min`,
      description: "The shortest budget of the runbook.",
      width: 4,
      unit: "percentunit",
      noValue: "none proven",
      queries: [
        {
          expr: `sum(increase(rollwatch_recovery_seconds_bucket{${OWN},le="${SHORTEST_BUDGET}"}[$__range])) / sum(increase(rollwatch_recovery_seconds_count{${OWN}}[$__range]))`,
          legend: "in time",
        },
      ],
    },
    {
      kind: "bars",
      title: "Steps, mean duration",
      description: "In the chosen time.",
      width: 24,
      unit: "s",
      queries: [
        {
          expr: `sum by (step) (increase(rollwatch_rollback_step_duration_seconds_sum{${OWN}}[$__range])) / sum by (step) (increase(rollwatch_rollback_step_duration_seconds_count{${OWN}}[$__range]))`,
          legend: "{{step}}",
        },
      ],
    },
  ],
};

/** Who was told, and who answered. */
export const people: Row = {
  title: "People",
  panels: [
    {
      kind: "bars",
      title: "Deliveries",
      description: "Tried in the chosen time.",
      width: 5,
      queries: [
        {
          expr: `sum by (channel) (increase(rollwatch_notices_total{${OWN}}[$__range]))`,
          legend: "{{channel}}",
        },
      ],
    },
    {
      kind: "bars",
      title: "Failed deliveries",
      description: "In the chosen time; what can be delivered later is tried again.",
      width: 7,
      queries: [
        {
          expr: `sum by (channel, reason) (increase(rollwatch_notice_failures_total{${OWN}}[$__range]))`,
          legend: "{{channel}} {{reason}}",
        },
      ],
    },
    {
      kind: "lines",
      title: "Waiting",
      description: "Notices that some channel must still have, and plans that wait for approval.",
      width: 7,
      queries: [
        { expr: `rollwatch_notices_queued{${OWN}}`, legend: "notices" },
        { expr: `rollwatch_approvals_waiting{${OWN}}`, legend: "plans" },
      ],
    },
    {
      kind: "bars",
      title: "Approvals",
      description: "What came of plans that waited, in the chosen time.",
      width: 5,
      queries: [
        {
          expr: `sum by (result) (increase(rollwatch_approvals_total{${OWN}}[$__range]))`,
          legend: "{{result}}",
        },
      ],
    },
  ],
};

/** rollwatch itself. */
export const watcher: Row = {
  title: "The watcher itself",
  panels: [
    {
      kind: "lines",
      title: "Lateness",
      description: "Of the round of judgement, and of the event loop.",
      width: 8,
      unit: "s",
      queries: [
        { expr: `rollwatch_tick_lag_seconds{${OWN}}`, legend: "round" },
        { expr: `rollwatch_nodejs_eventloop_lag_p99_seconds{${OWN}}`, legend: "event loop, p99" },
        { expr: `rollwatch_nodejs_eventloop_lag_mean_seconds{${OWN}}`, legend: "event loop, mean" },
      ],
    },
    {
      kind: "lines",
      title: "Memory",
      description: "Resident, and what JavaScript uses of it.",
      width: 6,
      unit: "bytes",
      queries: [
        { expr: `rollwatch_process_resident_memory_bytes{${OWN}}`, legend: "resident" },
        { expr: `rollwatch_nodejs_heap_size_used_bytes{${OWN}}`, legend: "heap" },
      ],
    },
    {
      kind: "lines",
      title: "CPU",
      description: "Share of one core.",
      width: 5,
      unit: "percentunit",
      queries: [
        {
          expr: `rate(rollwatch_process_cpu_seconds_total{${OWN}}[$__rate_interval])`,
          legend: "cpu",
        },
      ],
    },
    {
      kind: "lines",
      title: "Open files",
      description: "Sockets among them.",
      width: 5,
      queries: [{ expr: `rollwatch_process_open_fds{${OWN}}`, legend: "open" }],
    },
  ],
};
