const { HttpError } = require("../http/http-error");
const { limitParameter } = require("../http/limit-parameter");

const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

const SUMMARY = `
  select p.badge, p.full_name as name, count(r.id)::int as readings,
         coalesce(sum(r.dose_msv), 0)::float8 as "doseMsv",
         coalesce(max(r.dose_msv), 0)::float8 as "highestMsv"
  from radiation_personnel p
  left join dose_readings r
    on r.personnel_id = p.id and r.recorded_at > now() - make_interval(days => $1)
  where not p.is_test
  group by p.id
  order by "doseMsv" desc, p.badge
  limit $2`;

/**
 * `GET /api/radiation/summary?days=n&limit=n`: every person's dose over the last days, the highest first.
 *
 * @param {{ pool: import("pg").Pool }} services
 */
function summaryRoute({ pool }) {
  async function handle({ url }) {
    const { rows } = await pool.query(SUMMARY, [daysParameter(url), limitParameter(url)]);
    return { status: 200, body: rows };
  }
  return { method: "GET", path: "/api/radiation/summary", handle };
}

function daysParameter(url) {
  const text = url.searchParams.get("days") ?? String(DEFAULT_DAYS);
  const days = /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  if (!(days >= 1 && days <= MAX_DAYS)) {
    throw new HttpError(400, `days must be a whole number from 1 to ${MAX_DAYS}`);
  }
  return days;
}

module.exports = { summaryRoute };
