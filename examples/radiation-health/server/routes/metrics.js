const { formatGauge } = require("../metrics/exposition");

/**
 * `GET /metrics` in the Prometheus text format. It only reads what is in memory.
 *
 * @param {{ pool: import("pg").Pool, poolMax: number, requestDuration: { format: () => string },
 *   release: { release: string, commit: string } }} services
 */
function metricsRoute({ pool, poolMax, requestDuration, release }) {
  function handle() {
    const body = [
      requestDuration.format(),
      formatGauge("db_pool_connections", "Connections of the database pool.", [
        { labels: { state: "total" }, value: pool.totalCount },
        { labels: { state: "idle" }, value: pool.idleCount },
      ]),
      formatGauge("db_pool_waiting_clients", "Requests that wait for a connection of the pool.", [
        { value: pool.waitingCount },
      ]),
      formatGauge("db_pool_max", "Most connections the pool may open.", [{ value: poolMax }]),
      formatGauge("process_start_time_seconds", "When the process was started, unix time.", [
        { value: performance.timeOrigin / 1000 },
      ]),
      formatGauge("process_resident_memory_bytes", "Resident memory size in bytes.", [
        { value: process.memoryUsage.rss() },
      ]),
      formatGauge("app_release_info", "The release that is running.", [
        { labels: { release: release.release, commit: release.commit }, value: 1 },
      ]),
    ].join("\n");
    return {
      status: 200,
      body: `${body}\n`,
      contentType: "text/plain; version=0.0.4; charset=utf-8",
    };
  }
  return { method: "GET", path: "/metrics", handle };
}

module.exports = { metricsRoute };
