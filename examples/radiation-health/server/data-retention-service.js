const { createPool } = require("./db");
const { createHeartbeat } = require("./heartbeat");
const { deleteExpiredReadings } = require("./readings/expire");
const { repeat } = require("./repeat");
const { runService } = require("./service");

const SERVICE = "data-retention-service";

void runService(SERVICE, ({ settings, config, log, onStop }) => {
  const pool = createPool(settings.database, { applicationName: SERVICE, log });
  onStop(() => pool.end());
  const { retention: url, intervalMs } = settings.heartbeats;
  const beat = createHeartbeat({ url, intervalMs }, { log });

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

  // Its work comes too seldom to say that it is there, so that is asked of the database in between.
  async function checkIn() {
    await pool.query("select 1");
    beat();
  }
  onStop(repeat({ intervalMs, work: checkIn, log }));
});
