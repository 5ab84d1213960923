/**
 * Runs `work` now and then again `intervalMs` after it finished, so that runs never overlap.
 * A failing run is logged and the next one still happens.
 *
 * @param {{ intervalMs: number, work: () => Promise<void>, log: { error: Function } }} options
 * @returns {() => Promise<void>} stops, waiting for a run that is under way
 */
function repeat({ intervalMs, work, log }) {
  let timer;
  let stopped = false;

  async function run() {
    try {
      await work();
    } catch (error) {
      log.error("run failed", { error: error.message, code: error.code });
    }
    if (!stopped) {
      timer = setTimeout(next, intervalMs);
    }
  }
  let current = run();
  function next() {
    current = run();
  }

  return async () => {
    stopped = true;
    clearTimeout(timer);
    await current;
  };
}

module.exports = { repeat };
