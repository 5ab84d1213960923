/** Tells of moments at which signals had better be looked at now than at their next time, such as a crash that pm2 saw. */
export interface Wake {
  /** Calls `listener` with the names of the signals; returns how to stop that. */
  onWake(listener: (signals: ReadonlySet<string>) => void): () => void;
}

/** A wake-up call that its owner gives. */
export interface WakeSource extends Wake {
  wake(signals: ReadonlySet<string>): void;
}

/** A wake-up call that nobody listens to yet. */
export function openWake(): WakeSource {
  const listeners = new Set<(signals: ReadonlySet<string>) => void>();
  return {
    wake: (signals) => {
      for (const listener of listeners) {
        listener(signals);
      }
    },
    onWake: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
