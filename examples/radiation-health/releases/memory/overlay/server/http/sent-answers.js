const { createHash } = require("node:crypto");

/** Room for the longest answer: 1000 rows. */
const LONGEST_BYTES = 1024 * 1024;
/** A usual answer has some 3 kB, so this many are a few megabytes. */
const KEPT = 500;

/** The last answers that were sent, by their ETag, so that a dashboard can ask what changed since. */
class SentAnswers {
  #byTag = new Map();

  /**
   * @param {string} path
   * @param {unknown} body
   * @returns {string} the answer's ETag
   */
  keep(path, body) {
    // JSON may end in blanks.
    const page = Buffer.alloc(LONGEST_BYTES, " ");
    const written = page.write(JSON.stringify(body));
    const tag = `"${createHash("sha256").update(`${path} ${Date.now()}`).digest("hex").slice(0, 16)}"`;
    this.#byTag.set(tag, page.subarray(0, written));
    if (this.#byTag.size > KEPT) {
      this.#byTag.delete(this.#byTag.keys().next().value);
    }
    return tag;
  }

  /** @returns {unknown} what was sent under an ETag; undefined when it is not known any more */
  find(tag) {
    const page = this.#byTag.get(tag);
    return page && JSON.parse(page.toString());
  }
}

module.exports = { SentAnswers };
