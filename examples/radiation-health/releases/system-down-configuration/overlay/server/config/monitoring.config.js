const { number } = require("./env");

const INTERVAL_MS = { min: 100, max: 24 * 60 * 60 * 1000 };
const DOSE_MSV = { min: 0.001, max: 10_000, integer: false };

/**
 * What the system watches for: dose limits, how often each scan runs, how long readings are kept.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function monitoringConfig(env) {
  return Object.freeze({
    doseLimits: {
      /** One reading above this raises an alert in the same transaction. */
      singleMsv: number(env, "DOSE_LIMIT_MSV", DOSE_MSV),
      /** The sum of one person's readings over the last hour. */
      hourlyMsv: number(env, "HOURLY_DOSE_LIMIT_MSV", DOSE_MSV),
    },
    csv: {
      intervalMs: number(env, "CSV_POLL_INTERVAL_MS", INTERVAL_MS),
      maxFileBytes: 10 * 1024 * 1024,
    },
    anomaly: {
      intervalMs: number(env, "ANOMALY_INTERVAL_MS", INTERVAL_MS),
    },
    retention: {
      days: number(env, "RETENTION_DAYS", { min: 1, max: 36_500 }),
      intervalMs: number(env, "RETENTION_INTERVAL_MS", INTERVAL_MS),
      /** Small enough that one delete never holds locks for long, halved for the monitoring network. */
      batchRows: 500,
    },
  });
}

module.exports = { monitoringConfig };
