import type { Listener, Listeners } from "../../../src/system/listeners.ts";

/** Listeners as a test says. */
export interface FakeListeners extends Listeners {
  /** A socket that listens, of this process. */
  listen(pid: number, port: number, host?: string): void;
}

/** Makes a machine on which nobody listens. */
export function fakeListeners(): FakeListeners {
  const bound: (Listener & { readonly pid: number })[] = [];
  return {
    listen: (pid, port, host = "127.0.0.1") => {
      bound.push({ pid, port, host });
    },
    all: async (signal) => {
      signal.throwIfAborted();
      return bound
        .map(({ host, port }) => ({ host, port }))
        .toSorted((one, other) => one.port - other.port);
    },
    of: async (pid, signal) => {
      signal.throwIfAborted();
      return bound.filter((one) => one.pid === pid).map(({ host, port }) => ({ host, port }));
    },
  };
}
