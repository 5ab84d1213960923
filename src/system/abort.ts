import { setMaxListeners } from "node:events";

/** A controller that aborts with its parent, and can abort alone. */
export interface Child {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Lets go of the parent; to be called when the work is over. */
  release(): void;
}

/** Not `AbortSignal.any`: on Node 20 that leaves something behind in a long-lived parent for every call. */
export function childOf(parent: AbortSignal): Child {
  const controller = new AbortController();
  function forward(): void {
    controller.abort(parent.reason);
  }
  setMaxListeners(0, parent);
  parent.addEventListener("abort", forward, { once: true });
  if (parent.aborted) {
    forward();
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent.removeEventListener("abort", forward),
  };
}

/** Runs `work` with a signal of its own, which aborts with the parent, and lets go of what hangs on it when the work is over. */
export async function withChild<T>(
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const child = childOf(parent);
  try {
    return await work(child.signal);
  } finally {
    child.release();
    child.abort("the work is over");
  }
}

/** What work comes to; rejects with the reason when the signal aborts before, while the work itself goes on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return withChild(signal, async (own) => Promise.race([work, rejectedBy(own)]));
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
