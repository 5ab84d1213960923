const { loadEnvironment } = require("./config/env");
const { monitoringConfig } = require("./config/monitoring.config");
const { readSettings } = require("./config/settings");
const { createLog } = require("./log");

/** Below pm2's kill_timeout (3 s): we would rather report a late stop than be killed silently. */
const STOP_DEADLINE_MS = 2500;

/**
 * Runs one pm2 service: reads the configuration, starts the work, and on SIGINT or SIGTERM stops what
 * was started, last started first.
 *
 * @param {string} name
 * @param {(context: {
 *   settings: ReturnType<typeof readSettings>,
 *   config: ReturnType<typeof monitoringConfig>,
 *   log: ReturnType<typeof createLog>,
 *   onStop: (stop: () => unknown) => void,
 * }) => unknown} start
 */
async function runService(name, start) {
  const log = createLog(name);
  const stops = [];
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => void stopAll(signal, stops, log));
  }
  try {
    loadEnvironment();
    await start({
      settings: readSettings(process.env),
      config: monitoringConfig(process.env),
      log,
      onStop: (stop) => stops.push(stop),
    });
    log.info("started", { pid: process.pid });
  } catch (error) {
    log.error("could not start", { error: error.message, code: error.code });
    process.exit(1);
  }
}

async function stopAll(signal, stops, log) {
  log.info("stopping", { signal });
  setTimeout(() => {
    log.error("did not stop in time", { deadlineMs: STOP_DEADLINE_MS });
    process.exit(1);
  }, STOP_DEADLINE_MS).unref();
  let exitCode = 0;
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (error) {
      exitCode = 1;
      log.error("a part did not stop cleanly", { error: error.message });
    }
  }
  log.info("stopped");
  // Explicit: pm2's own channel to this process would keep it alive.
  process.exit(exitCode);
}

module.exports = { runService };
