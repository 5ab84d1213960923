const { findAnomalies } = require("./alerts/find-anomalies");
const { doseLimits } = require("./config/dose-limits");
const { createPool, withTransaction } = require("./db");
const { repeat } = require("./repeat");
const { runService } = require("./service");

const SERVICE = "anomaly-detection-service";

void runService(SERVICE, ({ settings, config, log, onStop }) => {
  const pool = createPool(settings.database, { applicationName: SERVICE, log });
  onStop(() => pool.end());

  async function scan() {
    const limitMsv = doseLimits(process.env).hourlyMsv;
    const alerts = await withTransaction(pool, (client) => findAnomalies(client, limitMsv));
    for (const { badge, doseMsv } of alerts) {
      log.warn("hourly dose over the limit", { badge, doseMsv, limitMsv });
    }
  }
  onStop(repeat({ intervalMs: config.anomaly.intervalMs, work: scan, log }));
});
