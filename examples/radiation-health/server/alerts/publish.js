/** The channel that websocket-service listens to. */
const ALERT_CHANNEL = "radiation_alerts";

// One anomaly alert per person and window, however often the scan runs.
const INSERT = `
  insert into alerts (kind, personnel_id, reading_id, dose_msv, limit_msv, window_start)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (personnel_id, kind, window_start) do nothing
  returning id, created_at as "createdAt",
            (select is_test from radiation_personnel where id = personnel_id) as "isTest"`;

/**
 * Stores an alert and announces it. PostgreSQL delivers the announcement when the transaction commits,
 * so nobody hears of an alert that was rolled back. One of the test person says `isTest`, for screens to leave it out.
 *
 * @param {import("pg").ClientBase} client in a transaction
 * @param {{ kind: "single-dose" | "hourly-sum", personnelId: number, badge: string,
 *   readingId: string | null, doseMsv: number, limitMsv: number, windowStart: Date | null,
 *   note?: string | null }} alert `note`: what came with the reading
 * @returns {Promise<object | null>} the alert as subscribers see it; null if it was stored before
 */
async function publishAlert(client, alert) {
  const {
    kind,
    personnelId,
    badge,
    readingId,
    doseMsv,
    limitMsv,
    windowStart,
    note = null,
  } = alert;
  const inserted = await client.query(INSERT, [
    kind,
    personnelId,
    readingId,
    doseMsv,
    limitMsv,
    windowStart,
  ]);
  if (inserted.rows.length === 0) {
    return null;
  }
  const message = {
    ...inserted.rows[0],
    kind,
    badge,
    readingId,
    doseMsv,
    limitMsv,
    windowStart,
    note,
  };
  await client.query("select pg_notify($1, $2)", [ALERT_CHANNEL, JSON.stringify(message)]);
  return message;
}

module.exports = { ALERT_CHANNEL, publishAlert };
