/** Keeps answers for a short time, for questions that many ask at the same moment. */
class AnswerCache {
  #ttlMs;
  #answers = new Map();

  /** @param {number} ttlMs how long an answer is good */
  constructor(ttlMs) {
    this.#ttlMs = ttlMs;
  }

  /**
   * @template T
   * @param {string} question
   * @param {() => Promise<T>} find asked when there is no answer, or none that is still good
   * @returns {Promise<T>}
   */
  async get(question, find) {
    const known = this.#answers.get(question);
    if (known !== undefined && performance.now() < known.goodUntil) {
      return known.answer;
    }
    const answer = await find();
    this.#answers.set(question, { answer, goodUntil: performance.now() + this.#ttlMs });
    return answer;
  }
}

module.exports = { AnswerCache };
