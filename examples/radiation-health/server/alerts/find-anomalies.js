const { exceedsDoseLimit } = require("../readings/dose-limit");
const { publishAlert } = require("./publish");

// The sum slides over the last 60 minutes; the window an alert belongs to is the clock hour, which
// is what makes a second scan find the first one's alert.
const HOURLY_SUMS = `
  select p.id as "personnelId", p.badge, sum(r.dose_msv)::float8 as "doseMsv",
         date_trunc('hour', now()) as "windowStart"
  from dose_readings r
  join radiation_personnel p on p.id = r.personnel_id
  where r.recorded_at > now() - interval '1 hour' and not p.is_test
  group by p.id`;

/**
 * Raises an alert for everyone whose readings of the last hour add up to more than the limit.
 *
 * @param {import("pg").ClientBase} client in a transaction
 * @param {number} limitMsv
 * @returns {Promise<object[]>} the alerts that are new
 */
async function findAnomalies(client, limitMsv) {
  const { rows } = await client.query(HOURLY_SUMS);
  const raised = [];
  for (const sum of rows) {
    if (exceedsDoseLimit(sum.doseMsv, limitMsv)) {
      const alert = { ...sum, kind: "hourly-sum", readingId: null, limitMsv };
      raised.push(await publishAlert(client, alert));
    }
  }
  return raised.filter((alert) => alert !== null);
}

module.exports = { findAnomalies };
