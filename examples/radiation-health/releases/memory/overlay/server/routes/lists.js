const { SELECT_ALERTS } = require("../alerts/list");
const { AnswerCache } = require("../http/answer-cache");
const { limitParameter } = require("../http/limit-parameter");
const { SentAnswers } = require("../http/sent-answers");

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
  alerts: `${SELECT_ALERTS} where not p.is_test order by a.id desc limit $1`,
};

/**
 * `GET /api/radiation/{personnel,devices,readings,alerts}?limit=n`: JSON arrays, the newest first where
 * there is a time. The test person's are left out.
 *
 * @param {{ pool: import("pg").Pool }} services
 */
function listRoutes({ pool }) {
  const longLists = new AnswerCache(LONG_LIST_TTL_MS);
  const sent = new SentAnswers();

  async function list(query, limit) {
    return (await pool.query(query, [limit])).rows;
  }

  return Object.entries(QUERIES).map(([name, query]) => ({
    method: "GET",
    path: `/api/radiation/${name}`,
    handle: async ({ request, url }) => {
      const limit = limitParameter(url);
      const body =
        limit > LONG_LIST
          ? await longLists.get(url.href, () => list(query, limit))
          : await list(query, limit);
      const known = sent.find(request.headers["if-none-match"]);
      const headers = {
        etag: sent.keep(url.pathname, body),
        "x-new-rows": String(known === undefined ? body.length : countNew(body, known)),
      };
      return { status: 200, body, headers };
    },
  }));
}

function countNew(rows, known) {
  const ids = new Set(known.map((row) => row.id));
  return rows.filter((row) => !ids.has(row.id)).length;
}

module.exports = { listRoutes };
