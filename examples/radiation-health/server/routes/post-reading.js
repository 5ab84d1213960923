const { withTransaction } = require("../db");
const { HttpError } = require("../http/http-error");
const { readJson } = require("../http/read-json");
const { recordReading, UnknownReferenceError } = require("../readings/record");
const { validateReading } = require("../readings/validate");

const MAX_BODY_BYTES = 64 * 1024;

/**
 * `POST /api/radiation/readings`: 201 with the reading and, if it is over the limit, its alert; 200 if the
 * device had sent it before.
 *
 * @param {{ pool: import("pg").Pool, doseLimits: { singleMsv: number } }} services
 */
function postReadingRoute({ pool, doseLimits }) {
  async function handle({ request }) {
    const input = await readJson(request, MAX_BODY_BYTES);
    const { reading, problems } = validateReading(input, Date.now());
    if (problems) {
      throw new HttpError(400, problems.join("; "));
    }
    const options = { limitMsv: doseLimits.singleMsv, source: "api" };
    const recorded = await withTransaction(pool, (client) =>
      recordReading(client, reading, options),
    ).catch(asBadRequest);
    return recorded
      ? { status: 201, body: recorded }
      : { status: 200, body: { reading, alert: null, alreadyKnown: true } };
  }
  return { method: "POST", path: "/api/radiation/readings", handle };
}

function asBadRequest(error) {
  throw error instanceof UnknownReferenceError ? new HttpError(400, error.message) : error;
}

module.exports = { postReadingRoute };
