const { validateReading } = require("../readings/validate");

const HEADER = "badge,device_serial,dose_msv,recorded_at";

/** The file is not what the devices write; the message is for the person who has to look at it. */
class CsvError extends Error {}

/**
 * Parses a device's export. The devices write no quotes, so a quote means something else wrote the file.
 *
 * @param {string} content
 * @param {number} now milliseconds since the epoch
 * @returns {{ badge: string, deviceSerial: string, doseMsv: number, recordedAt: string }[]}
 */
function parseReadings(content, now) {
  const [header, ...lines] = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (header.trim().toLowerCase() !== HEADER) {
    throw new CsvError(`line 1: expected the header ${HEADER}`);
  }
  const readings = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== "") {
      readings.push(parseLine(line, index + 2, now));
    }
  }
  if (readings.length === 0) {
    throw new CsvError("no readings in the file");
  }
  return readings;
}

function parseLine(line, lineNumber, now) {
  const fields = line.split(",").map((field) => field.trim());
  if (fields.length !== 4 || line.includes('"')) {
    throw new CsvError(`line ${lineNumber}: expected four unquoted fields`);
  }
  const [badge, deviceSerial, dose, recordedAt] = fields;
  // Number("") is 0: a missing dose must not become "no dose".
  const doseMsv = dose === "" ? NaN : Number(dose);
  const { reading, problems } = validateReading({ badge, deviceSerial, doseMsv, recordedAt }, now);
  if (problems) {
    throw new CsvError(`line ${lineNumber}: ${problems.join("; ")}`);
  }
  return reading;
}

module.exports = { CsvError, HEADER, parseReadings };
