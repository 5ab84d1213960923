/**
 * Gathers what is asked within a short time, and answers all of it from one question.
 *
 * @template T
 * @param {(limit: number) => Promise<T[]>} ask
 * @param {{ quietMs: number, longestMs: number }} times asked after `quietMs` without a new caller, at the latest after `longestMs`
 * @returns {(limit: number) => Promise<T[]>}
 */
function gather(ask, { quietMs, longestMs }) {
  let callers = [];
  let since;
  let timer;

  function answer() {
    const waiting = callers;
    callers = [];
    const longest = Math.max(...waiting.map((caller) => caller.limit));
    ask(longest).then(
      (rows) => waiting.forEach(({ limit, resolve }) => resolve(rows.slice(0, limit))),
      (error) => waiting.forEach(({ reject }) => reject(error)),
    );
  }

  return (limit) =>
    new Promise((resolve, reject) => {
      const now = performance.now();
      since = callers.length === 0 ? now : since;
      callers.push({ limit, resolve, reject });
      clearTimeout(timer);
      timer = setTimeout(answer, Math.min(quietMs, since + longestMs - now));
    });
}

module.exports = { gather };
