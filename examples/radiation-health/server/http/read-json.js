const { HttpError } = require("./http-error");

/**
 * Reads a request's JSON body, giving up as soon as it is larger than allowed.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {number} maxBytes
 * @returns {Promise<unknown>}
 */
async function readJson(request, maxBytes) {
  const chunks = [];
  let bytes = 0;
  // The unread rest of the body would be taken for the next request, hence "close".
  const tooLarge = new HttpError(413, `body is larger than ${maxBytes} bytes`, {
    connection: "close",
  });
  if (Number(request.headers["content-length"]) > maxBytes) {
    throw tooLarge;
  }
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw tooLarge;
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new HttpError(400, "body is not valid JSON");
  }
}

module.exports = { readJson };
