const fs = require("node:fs");
const path = require("node:path");
const { ROOT } = require("./config/env");

/**
 * Which release is running, as written by scripts/build.js.
 *
 * @param {{ warn: Function }} log
 * @returns {{ release: string, commit: string }}
 */
function readRelease(log) {
  const file = path.join(ROOT, "dist", "release.json");
  try {
    const { release, commit } = JSON.parse(fs.readFileSync(file, "utf8"));
    return { release, commit };
  } catch (error) {
    // Not worth refusing to monitor radiation for: the health page then says "unknown".
    log.warn("cannot tell which release this is", { file, error: error.message });
    return { release: "unknown", commit: "unknown" };
  }
}

module.exports = { readRelease };
