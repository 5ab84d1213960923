const QUESTION = "select count(*)::int as applied from schema_migrations";

/**
 * `GET /api/health/database`: whether this service reaches its database and can read it; 503 with the reason where it does not.
 *
 * @param {{ healthPool: import("pg").Pool, log: { warn: Function } }} services
 */
function databaseHealthRoute({ healthPool, log }) {
  async function handle() {
    const startedAt = performance.now();
    try {
      const { rows } = await healthPool.query(QUESTION);
      const tookMs = Math.round(performance.now() - startedAt);
      return { status: 200, body: { database: "ok", migrations: rows[0].applied, tookMs } };
    } catch (error) {
      const reason = error.code ?? "no answer";
      log.warn("database check failed", { error: error.message, code: error.code });
      return { status: 503, body: { database: "unavailable", reason } };
    }
  }
  return { method: "GET", path: "/api/health/database", handle };
}

module.exports = { databaseHealthRoute };
