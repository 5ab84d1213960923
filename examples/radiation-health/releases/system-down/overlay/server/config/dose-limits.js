const { number } = require("./env");

const DOSE_MSV = { min: 0.001, max: 10_000, integer: false };

/**
 * The dose limits, in one place for everyone who stores readings or scans them.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function doseLimits(env) {
  return Object.freeze({
    /** One reading above this raises an alert in the same transaction. */
    singleMsv: number(env, "DOSE_LIMIT_MSV", DOSE_MSV),
    /** The sum of one person's readings over the last hour. */
    hourlyMsv: number(env, "HOURLY_DOSE_LIMIT_MSV", DOSE_MSV),
  });
}

module.exports = { doseLimits };
