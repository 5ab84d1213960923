const { SELECT_ALERTS } = require("../alerts/list");
const { AnswerCache } = require("../http/answer-cache");
const { limitParameter } = require("../http/limit-parameter");

/** The screens on the wards ask for the long lists, all at the same moment. */
const LONG_LIST = 200;
const LONG_LIST_TTL_MS = 2000;

// Ids of readings and alerts are 64-bit and therefore strings in JSON.
const QUERIES = {
  personnel: `
    select id, badge, full_name as name, department, active
    from radiation_personnel
    where not is_test
    order by badge
    limit $1`,
  devices: `
    select id, serial, model, location, calibrated_on::text as "calibratedOn"
    from devices
    where not is_test
    order by serial
    limit $1`,
  readings: `
    select r.id, p.badge, d.serial as "deviceSerial", r.dose_msv::float8 as "doseMsv",
           r.recorded_at as "recordedAt", r.source
    from dose_readings r
    join radiation_personnel p on p.id = r.personnel_id
    join devices d on d.id = r.device_id
    where not p.is_test
    order by r.recorded_at desc
    limit $1`,
  alerts: `
    select listed.*, a.note
    from (${SELECT_ALERTS} where not p.is_test order by a.id desc limit $1) listed
    join alerts a on a.id = listed.id
    order by a.id desc`,
};

/** What is added to a list's rows before they are sent. */
const FINISH = {
  /** What the people on duty wrote about it, without the line ends of their editor. */
  alerts: (row) => ({ ...row, note: row.note.trim() }),
};

/**
 * `GET /api/radiation/{personnel,devices,readings,alerts}?limit=n`: JSON arrays, the newest first where
 * there is a time. The test person's are left out.
 *
 * @param {{ pool: import("pg").Pool }} services
 */
function listRoutes({ pool }) {
  const longLists = new AnswerCache(LONG_LIST_TTL_MS);

  async function list(name, limit) {
    const { rows } = await pool.query(QUERIES[name], [limit]);
    return FINISH[name] === undefined ? rows : rows.map(FINISH[name]);
  }

  return Object.keys(QUERIES).map((name) => ({
    method: "GET",
    path: `/api/radiation/${name}`,
    handle: async ({ url }) => {
      const limit = limitParameter(url);
      const body =
        limit > LONG_LIST
          ? await longLists.get(url.href, () => list(name, limit))
          : await list(name, limit);
      return { status: 200, body };
    },
  }));
}

module.exports = { listRoutes };
