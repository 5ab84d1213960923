const { createPool } = require("./db");
const { deleteExpiredReadings } = require("./readings/expire");
const { repeat } = require("./repeat");
const { runService } = require("./service");

const SERVICE = "data-retention-service";

void runService(SERVICE, ({ settings, config, log, onStop }) => {
  const pool = createPool(settings.database, { applicationName: SERVICE, log });
  onStop(() => pool.end());

  let isStopping = false;
  async function deleteExpired() {
    const deleted = await deleteExpiredReadings(pool, config.retention, () => isStopping);
    log.info("expired readings deleted", { deleted, olderThanDays: config.retention.days });
  }
  const stop = repeat({ intervalMs: config.retention.intervalMs, work: deleteExpired, log });
  onStop(() => {
    isStopping = true;
    return stop();
  });
});
