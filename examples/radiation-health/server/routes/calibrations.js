const { HttpError } = require("../http/http-error");

/** The institute answers at once or not at all. */
const TIMEOUT_MS = 1000;

/**
 * `GET /api/radiation/calibrations`: until when each device is calibrated, as the institute that calibrates them says; 502
 * while that does not answer.
 *
 * @param {{ calibrationUrl: string | null, log: { warn: Function } }} services
 */
function calibrationsRoute({ calibrationUrl, log }) {
  async function handle() {
    if (calibrationUrl === null) {
      throw new HttpError(404, "no calibration service is configured (CALIBRATION_URL)");
    }
    try {
      return { status: 200, body: await ask(calibrationUrl) };
    } catch (error) {
      log.warn("calibration service failed", { error: error.cause?.code ?? error.message });
      throw new HttpError(502, "the calibration service does not answer");
    }
  }
  return { method: "GET", path: "/api/radiation/calibrations", handle };
}

async function ask(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const calibrations = await answer.json();
  if (!answer.ok || !Array.isArray(calibrations)) {
    throw new Error(`answered ${answer.status}`);
  }
  return calibrations.map(({ serial, validUntil }) => ({ serial, validUntil }));
}

module.exports = { calibrationsRoute };
