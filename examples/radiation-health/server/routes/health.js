/**
 * `GET /api/health`: 200 only if the database answers through the same pool the other requests use, so that
 * an exhausted pool is seen too.
 *
 * @param {{ pool: import("pg").Pool, release: { release: string, commit: string }, log: object }} services
 */
function healthRoute({ pool, release, log }) {
  async function handle() {
    const uptimeSeconds = Math.round(process.uptime());
    try {
      await pool.query("select 1");
      return { status: 200, body: { status: "ok", ...release, database: "ok", uptimeSeconds } };
    } catch (error) {
      log.warn("health check failed", { error: error.message, code: error.code });
      const body = { status: "error", ...release, database: "unavailable", uptimeSeconds };
      return { status: 503, body };
    }
  }
  return { method: "GET", path: "/api/health", handle };
}

module.exports = { healthRoute };
