import type { Clock } from "../system/clock.ts";

/** A question that many ask: who asks while an answer is on its way, or when the newest is young enough, gets that one. */
export interface Shared<T> {
  /** The question is given up when everybody who waits for its answer has aborted. */
  ask(maxAgeMs: number, signal: AbortSignal): Promise<T>;
}

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly ending: AbortController;
  waiting: number;
}

/** Shares a question. The answer's age counts from the moment of asking. */
export function share<T>(
  question: (signal: AbortSignal) => Promise<T>,
  clock: Pick<Clock, "monotonic">,
): Shared<T> {
  let newest: { readonly value: T; readonly at: number } | undefined;
  let flight: Flight<T> | undefined;

  async function ask(signal: AbortSignal): Promise<T> {
    const at = clock.monotonic();
    try {
      const value = await question(signal);
      newest = { value, at };
      return value;
    } finally {
      if (flight?.ending.signal === signal) {
        flight = undefined;
      }
    }
  }

  function takeOff(): Flight<T> {
    const ending = new AbortController();
    const answer = ask(ending.signal);
    // Nobody may be left to hear of it.
    answer.catch(() => undefined);
    return { answer, ending, waiting: 0 };
  }

  return {
    ask: async (maxAgeMs, signal) => {
      signal.throwIfAborted();
      if (newest !== undefined && clock.monotonic() - newest.at < maxAgeMs) {
        return newest.value;
      }
      flight ??= takeOff();
      const mine = flight;
      mine.waiting += 1;
      try {
        return await unlessAborted(mine.answer, signal);
      } finally {
        mine.waiting -= 1;
        if (mine.waiting === 0) {
          mine.ending.abort(signal.reason);
          flight = flight === mine ? undefined : flight;
        }
      }
    },
  };
}

async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    if (onAbort !== undefined) {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
