const path = require("node:path");
const { ROOT, number, optionalUrl, text } = require("./env");

const PORT = { min: 1, max: 65_535 };
const HEARTBEAT_MS = { min: 1000, max: 60 * 60 * 1000 };

/**
 * Where this host keeps things: addresses, database, folders. Differs from host to host, so all of it
 * comes from the environment. What the system watches for is in monitoring.config.js.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function readSettings(env) {
  return Object.freeze({
    api: { host: text(env, "API_HOST"), port: number(env, "API_PORT", PORT) },
    ws: { host: text(env, "WS_HOST"), port: number(env, "WS_PORT", PORT) },
    database: {
      url: text(env, "DATABASE_URL"),
      poolMax: number(env, "DB_POOL_MAX", { min: 1, max: 200 }),
    },
    csv: {
      inbox: path.resolve(ROOT, text(env, "CSV_INBOX")),
      processed: path.resolve(ROOT, text(env, "CSV_PROCESSED")),
    },
    calibration: { url: optionalUrl(env, "CALIBRATION_URL") },
    /** Where two services say that they have done their work. */
    heartbeats: {
      intervalMs: number(env, "HEARTBEAT_INTERVAL_MS", HEARTBEAT_MS),
      csv: optionalUrl(env, "CSV_HEARTBEAT_URL"),
      retention: optionalUrl(env, "RETENTION_HEARTBEAT_URL"),
    },
  });
}

module.exports = { readSettings };
