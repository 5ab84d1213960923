/** Longest time for one beat: whoever watches is not worth waiting for. */
const TIMEOUT_MS = 2000;

/**
 * Tells whoever watches that a service has done its work, at most once in `intervalMs`. What goes wrong with it is logged
 * once and never disturbs the service.
 *
 * @param {{ url: string | null, intervalMs: number }} heartbeat `url` null: nobody watches
 * @param {{ log: { warn: Function, info: Function } }} options
 * @returns {() => void} to be called after each run that went well
 */
function createHeartbeat({ url, intervalMs }, { log }) {
  let lastAt = -Infinity;
  let isHeard = true;

  async function send() {
    const problem = await post(url);
    if (problem !== null && isHeard) {
      log.warn("heartbeat not heard", { error: problem });
    }
    isHeard = problem === null;
  }

  return () => {
    const now = performance.now();
    if (url !== null && now - lastAt >= intervalMs) {
      lastAt = now;
      void send();
    }
  };
}

/** What went wrong; null when the beat was heard. */
async function post(url) {
  try {
    const answer = await fetch(url, { method: "POST", signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.arrayBuffer();
    return answer.ok ? null : `answered ${answer.status}`;
  } catch (error) {
    return error.cause?.code ?? error.message;
  }
}

module.exports = { createHeartbeat };
