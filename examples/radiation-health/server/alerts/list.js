/** Alerts in the shape subscribers see; `where` and `order by` are the caller's. */
const SELECT_ALERTS = `
  select a.id, a.created_at as "createdAt", a.kind, p.badge, a.reading_id as "readingId",
         a.dose_msv::float8 as "doseMsv", a.limit_msv::float8 as "limitMsv",
         a.window_start as "windowStart", p.is_test as "isTest"
  from alerts a
  join radiation_personnel p on p.id = a.personnel_id`;

module.exports = { SELECT_ALERTS };
