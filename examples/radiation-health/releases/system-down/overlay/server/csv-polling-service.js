const fs = require("node:fs/promises");
const path = require("node:path");
const { doseLimits } = require("./config/dose-limits");
const { importFile } = require("./csv/import-file");
const { createPool } = require("./db");
const { createHeartbeat } = require("./heartbeat");
const { repeat } = require("./repeat");
const { runService } = require("./service");

const SERVICE = "csv-polling-service";

void runService(SERVICE, async ({ settings, config, log, onStop }) => {
  const { inbox, processed } = settings.csv;
  await fs.mkdir(inbox, { recursive: true });
  const pool = createPool(settings.database, { applicationName: SERVICE, log });
  onStop(() => pool.end());
  const options = {
    pool,
    processed,
    limitMsv: doseLimits(process.env).singleMsv,
    maxFileBytes: config.csv.maxFileBytes,
  };
  const { csv: url, intervalMs } = settings.heartbeats;
  const beat = createHeartbeat({ url, intervalMs }, { log });

  async function importAll() {
    const names = await fs.readdir(inbox);
    // Devices write to name.csv.part and rename it when it is complete.
    for (const name of names.filter((each) => each.endsWith(".csv")).toSorted()) {
      log.info("file imported", { name, ...(await importFile(path.join(inbox, name), options)) });
    }
    beat();
  }
  onStop(repeat({ intervalMs: config.csv.intervalMs, work: importAll, log }));
});
