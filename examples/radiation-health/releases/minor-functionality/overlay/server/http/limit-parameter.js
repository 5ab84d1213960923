const { HttpError } = require("./http-error");

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/**
 * @param {URL} url
 * @returns {number} how many rows the caller wants
 */
function limitParameter(url) {
  const text = url.searchParams.get("limit");
  if (text === null) {
    return DEFAULT_LIMIT;
  }
  const limit = Math.trunc(Number(text));
  if (!(limit >= 0 && limit <= MAX_LIMIT)) {
    throw new HttpError(400, `limit must be a number up to ${MAX_LIMIT}`);
  }
  return limit;
}

module.exports = { limitParameter };
