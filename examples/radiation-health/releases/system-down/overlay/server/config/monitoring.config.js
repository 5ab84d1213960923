const { number } = require("./env");

const INTERVAL_MS = { min: 100, max: 24 * 60 * 60 * 1000 };

/**
 * What the system watches for: how often each scan runs, how long readings are kept. The dose
 * limits have their own file.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function monitoringConfig(env) {
  return Object.freeze({
    csv: {
      intervalMs: number(env, "CSV_POLL_INTERVAL_MS", INTERVAL_MS),
      maxFileBytes: 5 * 1024 * 1024,
    },
    anomaly: {
      intervalMs: number(env, "ANOMALY_INTERVAL_MS", INTERVAL_MS),
    },
    retention: {
      days: number(env, "RETENTION_DAYS", { min: 1, max: 36_500 }),
      intervalMs: number(env, "RETENTION_INTERVAL_MS", INTERVAL_MS),
      /** Small enough that one delete never holds locks for long. */
      batchRows: 1000,
    },
  });
}

module.exports = { monitoringConfig };
