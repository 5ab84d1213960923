const { publishAlert } = require("../alerts/publish");
const { exceedsDoseLimit } = require("./dose-limit");

/** The badge or the device is not in the database. */
class UnknownReferenceError extends Error {}

// A device that did not hear our answer sends again, and a CSV file may be read twice after a crash:
// the same person, device and time is the same reading.
const INSERT = `
  insert into dose_readings (personnel_id, device_id, dose_msv, recorded_at, source, note)
  select p.id, d.id, $3, coalesce($4::timestamptz, clock_timestamp()), $5, $6
  from radiation_personnel p, devices d
  where p.badge = $1 and d.serial = $2
  on conflict (personnel_id, device_id, recorded_at) do nothing
  returning id, personnel_id as "personnelId", recorded_at as "recordedAt"`;

const REFERENCES = `
  select exists (select from radiation_personnel where badge = $1) as person,
         exists (select from devices where serial = $2) as device`;

/**
 * Stores one reading and, when it is over the limit, its alert. Call it inside a transaction: a reading
 * over the limit must never be stored without its alert.
 *
 * @param {import("pg").ClientBase} client in a transaction
 * @param {{ badge: string, deviceSerial: string, doseMsv: number, recordedAt: string | null, note: string | null }} reading
 * @param {{ limitMsv: number, source: "api" | "csv" | "seed" }} options
 * @returns {Promise<{ reading: object, alert: object | null } | null>} null if it was stored before
 */
async function recordReading(client, reading, { limitMsv, source }) {
  const { badge, deviceSerial, doseMsv } = reading;
  const values = [badge, deviceSerial, doseMsv, reading.recordedAt, source, reading.note];
  const inserted = await client.query(INSERT, values);
  if (inserted.rows.length === 0) {
    await requireReferences(client, reading);
    return null;
  }
  const [{ id, personnelId, recordedAt }] = inserted.rows;
  const alert = exceedsDoseLimit(doseMsv, limitMsv)
    ? await publishAlert(client, {
        kind: "single-dose",
        personnelId,
        badge,
        readingId: id,
        doseMsv,
        limitMsv,
        windowStart: null,
        note: reading.note,
      })
    : null;
  return { reading: { id, badge, deviceSerial, doseMsv, recordedAt, source }, alert };
}

async function requireReferences(client, { badge, deviceSerial }) {
  const { rows } = await client.query(REFERENCES, [badge, deviceSerial]);
  if (!rows[0].person) {
    throw new UnknownReferenceError(`unknown badge ${badge}`);
  }
  if (!rows[0].device) {
    throw new UnknownReferenceError(`unknown device ${deviceSerial}`);
  }
}

module.exports = { recordReading, UnknownReferenceError };
