const { HEADER } = require("../csv/parse");
const { HttpError } = require("../http/http-error");

const BATCH_ROWS = 250;

const BATCH = `
  select r.id, p.badge, d.serial, r.dose_msv::text as dose, r.recorded_at as "recordedAt"
  from dose_readings r
  join radiation_personnel p on p.id = r.personnel_id
  join devices d on d.id = r.device_id
  where r.id > $1 and not p.is_test
    and ($3::int is null or r.recorded_at > now() - make_interval(days => $3))
  order by r.id
  limit $2`;

/**
 * `GET /api/radiation/export?days=n`: every reading, or those of the last days, as CSV, as the devices write it. Read in
 * batches on one connection, so that a long export does not hold up the others.
 *
 * @param {{ pool: import("pg").Pool, log: { info: Function } }} services
 */
function exportRoute({ pool, log }) {
  async function handle({ request, url }) {
    const days = daysParameter(url);
    const client = await pool.connect();
    const lines = [HEADER];
    let last = "0";
    let rows;
    do {
      ({ rows } = await client.query(BATCH, [last, BATCH_ROWS, days]));
      if (request.socket.destroyed) {
        log.info("export abandoned by the caller", { lines: lines.length });
        return csv("");
      }
      lines.push(...rows.map(toLine));
      last = rows.at(-1)?.id;
    } while (rows.length === BATCH_ROWS);
    client.release();
    return csv(`${lines.join("\n")}\n`);
  }
  return { method: "GET", path: "/api/radiation/export", handle };
}

/** Null for all of them. */
function daysParameter(url) {
  const text = url.searchParams.get("days");
  if (text !== null && !/^[1-9]\d{0,4}$/.test(text)) {
    throw new HttpError(400, `days must be a whole number from 1 to 99999, not "${text}"`);
  }
  return text === null ? null : Number(text);
}

function csv(body) {
  return { status: 200, body, contentType: "text/csv; charset=utf-8" };
}

function toLine({ badge, serial, dose, recordedAt }) {
  return [badge, serial, dose, recordedAt.toISOString()].join(",");
}

module.exports = { exportRoute };
