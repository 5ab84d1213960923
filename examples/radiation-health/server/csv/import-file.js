const fs = require("node:fs/promises");
const path = require("node:path");
const { withTransaction } = require("../db");
const { recordReading, UnknownReferenceError } = require("../readings/record");
const { CsvError, parseReadings } = require("./parse");

/**
 * Imports one file, all of it or nothing, and moves it out of the inbox. A file that is at fault goes to
 * `processed/rejected` with the reason beside it; if the database is at fault the file stays for later.
 *
 * @param {string} file absolute path
 * @param {{ pool: import("pg").Pool, processed: string, limitMsv: number, maxFileBytes: number }} options
 * @returns {Promise<{ stored: number, known: number } | { rejected: string }>}
 */
async function importFile(file, { pool, processed, limitMsv, maxFileBytes }) {
  try {
    const { size } = await fs.stat(file);
    if (size > maxFileBytes) {
      throw new CsvError(`larger than ${maxFileBytes} bytes`);
    }
    const readings = parseReadings(await fs.readFile(file, "utf8"), Date.now());
    const stored = await withTransaction(pool, (client) => storeAll(client, readings, limitMsv));
    await move(file, processed);
    return { stored, known: readings.length - stored };
  } catch (error) {
    if (!(error instanceof CsvError || error instanceof UnknownReferenceError)) {
      throw error;
    }
    const target = await move(file, path.join(processed, "rejected"));
    await fs.writeFile(`${target}.reason.txt`, `${error.message}\n`);
    return { rejected: error.message };
  }
}

async function storeAll(client, readings, limitMsv) {
  let stored = 0;
  for (const reading of readings) {
    if (await recordReading(client, reading, { limitMsv, source: "csv" })) {
      stored += 1;
    }
  }
  return stored;
}

async function move(file, folder) {
  await fs.mkdir(folder, { recursive: true });
  // The time keeps two files of the same name apart.
  const stamp = new Date().toISOString().replace(/[:.]/g, "-");
  const target = path.join(folder, `${stamp}-${path.basename(file)}`);
  await fs.rename(file, target);
  return target;
}

module.exports = { importFile };
