/**
 * The five services under pm2.
 *
 * No `env` blocks on purpose: pm2 stores and prints whatever it is given, so secrets and ports stay
 * in `.env`, which every service reads itself. A plain `pm2 restart` therefore picks up a new `.env`.
 */
const SERVICES = [
  "radiation-monitoring",
  "websocket-service",
  "csv-polling-service",
  "data-retention-service",
  "anomaly-detection-service",
];

module.exports = {
  apps: SERVICES.map((name) => ({
    name,
    script: `server/${name}.js`,
    cwd: __dirname,
    exec_mode: "fork",
    instances: 1,
    autorestart: true,
    // Longer than the services' own shutdown deadline (2.5 s), so that pm2 never has to SIGKILL.
    kill_timeout: 3000,
  })),
};
