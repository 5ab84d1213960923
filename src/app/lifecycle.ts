import type { Log } from "../system/log.ts";

/** Things that were started, stopped by name in the opposite order, each exactly once. */
export interface Lifecycle {
  /** Registers how to stop what was just started. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Stops everything, newest first. One failure does not keep the others running; it is thrown at the end. */
  stop(): Promise<void>;
}

/** An empty lifecycle. */
export function openLifecycle(log: Log): Lifecycle {
  const stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  return {
    onStop: (name, stop) => {
      stops.push({ name, stop });
    },
    stop: async () => {
      const failures: unknown[] = [];
      for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
        try {
          await next.stop();
          log.debug({ part: next.name }, "stopped");
        } catch (error) {
          log.error({ part: next.name, error }, "could not stop");
          failures.push(error);
        }
      }
      if (failures.length > 0) {
        throw new AggregateError(failures, "some parts did not stop cleanly");
      }
    },
  };
}
