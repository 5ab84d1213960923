/**
 * `GET /api/health`: 200 only if the database answers, on a connection of its own: a pool that is busy is no database that
 * is down, and has metrics of its own.
 *
 * @param {{ healthPool: import("pg").Pool, release: { release: string, commit: string }, log: object }} services
 */
function healthRoute({ healthPool, release, log }) {
  async function handle() {
    const uptimeSeconds = Math.round(process.uptime());
    try {
      await healthPool.query("select 1");
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
