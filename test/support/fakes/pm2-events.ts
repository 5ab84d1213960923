import type { Pm2Events, ServiceEvent } from "../../../src/system/pm2-events.ts";

/** A bus of pm2 on which a test speaks. */
export interface FakePm2Events extends Pm2Events {
  tell(event: ServiceEvent): void;
  /** Those who listen now. */
  listening(): number;
}

/** A silent bus. */
export function fakePm2Events(): FakePm2Events {
  const listeners = new Set<(event: ServiceEvent) => void>();
  return {
    tell: (event) => {
      for (const listener of listeners) {
        listener(event);
      }
    },
    listening: () => listeners.size,
    listen: async (onEvent, signal) => {
      signal.throwIfAborted();
      listeners.add(onEvent);
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      listeners.delete(onEvent);
      throw signal.reason;
    },
  };
}
