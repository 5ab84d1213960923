#!/usr/bin/env node
const { parseArgs } = require("node:util");
const { parseReadings } = require("../server/csv/parse");

const HELP = `Checks that the export can be read as the devices' own files are.

  node scripts/check-export.js --api <http url> [--days <n>] [--timeout <ms>]

Exit code: 0 it can, 1 it cannot, 2 wrong usage.`;

const OPTIONS = {
  api: { type: "string" },
  days: { type: "string", default: "1" },
  timeout: { type: "string", default: "5000" },
};

async function check({ api, days, timeout }) {
  const url = `${api}/api/radiation/export?days=${days}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(Number(timeout)) });
  if (!answer.ok) {
    throw new Error(`${url} answered ${answer.status}`);
  }
  return parseReadings(await answer.text(), Date.now()).length;
}

let values;
try {
  ({ values } = parseArgs({ options: OPTIONS }));
} catch {
  values = {};
}
if (values.api === undefined) {
  console.error(HELP);
  process.exit(2);
}
check(values).then(
  (readings) => console.log(`ok: ${readings} readings can be read back`),
  (error) => {
    console.error(`failed: ${error.message}`);
    process.exitCode = 1;
  },
);
