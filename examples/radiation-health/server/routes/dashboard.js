const fs = require("node:fs/promises");
const path = require("node:path");
const { ROOT } = require("../config/env");
const { HttpError } = require("../http/http-error");

const PAGE = path.join(ROOT, "dist", "index.html");

/** `GET /`: the dashboard that scripts/build.js made. */
function dashboardRoute() {
  async function handle() {
    try {
      const body = await fs.readFile(PAGE, "utf8");
      return { status: 200, body, contentType: "text/html; charset=utf-8" };
    } catch (error) {
      if (error.code === "ENOENT") {
        throw new HttpError(404, "the dashboard has not been built: run npm run build");
      }
      throw error;
    }
  }
  return { method: "GET", path: "/", handle };
}

module.exports = { dashboardRoute };
