const { SELECT_ALERTS } = require("../alerts/list");
const { limitParameter } = require("../http/limit-parameter");

// Ids of readings and alerts are 64-bit and therefore strings in JSON.
const QUERIES = {
  personnel: `
    select id, badge, full_name as name, department, active
    from radiation_personnel
    order by badge
    limit $1`,
  devices: `
    select id, serial, model, location, calibrated_on::text as "calibratedOn"
    from devices
    order by serial
    limit $1`,
  readings: `
    select r.id, p.badge, d.serial as "deviceSerial", r.dose_msv::float8 as "doseMsv",
           r.recorded_at as "recordedAt", r.source
    from dose_readings r
    join radiation_personnel p on p.id = r.personnel_id
    join devices d on d.id = r.device_id
    order by r.recorded_at desc
    limit $1`,
  alerts: `${SELECT_ALERTS} order by a.id desc limit $1`,
};

/**
 * `GET /api/radiation/{personnel,devices,readings,alerts}?limit=n`: JSON arrays, the newest first where
 * there is a time.
 *
 * @param {{ pool: import("pg").Pool }} services
 */
function listRoutes({ pool }) {
  return Object.entries(QUERIES).map(([name, query]) => ({
    method: "GET",
    path: `/api/radiation/${name}`,
    handle: async ({ url }) => {
      const { rows } = await pool.query(query, [limitParameter(url)]);
      return { status: 200, body: rows };
    },
  }));
}

module.exports = { listRoutes };
