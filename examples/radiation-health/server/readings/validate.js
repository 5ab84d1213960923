const BADGE = /^[A-Z]{2}-\d{4}$/;
const SERIAL = /^[A-Z0-9][A-Z0-9-]{2,31}$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/;
const MAX_DOSE_MSV = 10_000;
const MAX_NOTE_LENGTH = 200;
/** Devices' clocks drift; a reading further ahead than this is a wrong clock. */
const MAX_AHEAD_MS = 5 * 60 * 1000;

/**
 * Checks a reading that came from outside, over HTTP or in a CSV file.
 *
 * @param {unknown} input
 * @param {number} now milliseconds since the epoch
 * @returns {{ reading: { badge: string, deviceSerial: string, doseMsv: number, recordedAt: string | null, note: string | null } }
 *   | { problems: string[] }} `recordedAt` null means: when the database receives it
 */
function validateReading(input, now) {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return { problems: ["a reading must be an object"] };
  }
  const { badge, deviceSerial, doseMsv, recordedAt = null, note = null } = input;
  const problems = [];
  if (typeof badge !== "string" || !BADGE.test(badge)) {
    problems.push("badge must look like RW-1001");
  }
  if (typeof deviceSerial !== "string" || !SERIAL.test(deviceSerial)) {
    problems.push("deviceSerial must look like DMC-3000-0001");
  }
  if (typeof doseMsv !== "number" || !(doseMsv >= 0 && doseMsv <= MAX_DOSE_MSV)) {
    problems.push(`doseMsv must be a number from 0 to ${MAX_DOSE_MSV}`);
  }
  if (recordedAt !== null && !isTimestamp(recordedAt, now)) {
    problems.push("recordedAt must be an ISO 8601 time with its zone and not in the future");
  }
  if (note !== null && (typeof note !== "string" || note.length > MAX_NOTE_LENGTH)) {
    problems.push(`note must be a text of at most ${MAX_NOTE_LENGTH} characters`);
  }
  return problems.length > 0
    ? { problems }
    : { reading: { badge, deviceSerial, doseMsv, recordedAt, note } };
}

function isTimestamp(value, now) {
  if (typeof value !== "string" || !TIMESTAMP.test(value)) {
    return false;
  }
  // Not a number for impossible dates, which makes the comparison false.
  return Date.parse(value) <= now + MAX_AHEAD_MS;
}

module.exports = { validateReading };
