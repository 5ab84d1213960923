const { doseLimits } = require("./config/doseLimits");
const { createPool } = require("./db");
const { createApiServer } = require("./http/api-server");
const { closeServer, listen } = require("./http/listen");
const { Histogram } = require("./metrics/histogram");
const { readRelease } = require("./release");
const { createRoutes } = require("./routes");
const { runService } = require("./service");

const SERVICE = "radiation-monitoring";

void runService(SERVICE, async ({ settings, log, onStop }) => {
  const release = readRelease(log);
  const requestDuration = new Histogram(
    "http_request_duration_seconds",
    "How long requests took, from the first byte to the last.",
  );
  const pool = createPool(settings.database, { applicationName: SERVICE, log });
  onStop(() => pool.end());
  const healthPool = createPool(
    { ...settings.database, poolMax: 1 },
    { applicationName: `${SERVICE} health`, log },
  );
  onStop(() => healthPool.end());

  const routes = createRoutes({
    pool,
    healthPool,
    poolMax: settings.database.poolMax,
    doseLimits: doseLimits(process.env),
    calibrationUrl: settings.calibration.url,
    requestDuration,
    release,
    log,
  });
  const server = createApiServer({ routes, requestDuration, log });
  // A database that is down is reported by /api/health; it is no reason not to listen.
  await listen(server, settings.api);
  onStop(() => closeServer(server));
  log.info("listening", { ...settings.api, ...release });
});
