const { calibrationsRoute } = require("./calibrations");
const { databaseHealthRoute } = require("./database-health");
const { dashboardRoute } = require("./dashboard");
const { exportRoute } = require("./export");
const { healthRoute } = require("./health");
const { listRoutes } = require("./lists");
const { metricsRoute } = require("./metrics");
const { postReadingRoute } = require("./post-reading");

/**
 * Everything the HTTP API answers to.
 *
 * @param {object} services what the routes work with; each says what it needs
 */
function createRoutes(services) {
  return [
    healthRoute(services),
    databaseHealthRoute(services),
    ...listRoutes(services),
    calibrationsRoute(services),
    exportRoute(services),
    postReadingRoute(services),
    metricsRoute(services),
    dashboardRoute(),
  ];
}

module.exports = { createRoutes };
