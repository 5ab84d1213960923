/** Calls of a port that have not been answered yet. */
export interface Tracked<T> {
  readonly port: T;
  /** Waits until no call is under way; false when none was. */
  quiet(): Promise<boolean>;
}

/** The same port, but one knows whether it is at work. */
export function track<T extends object>(port: T): Tracked<T> {
  const underWay = new Set<Promise<void>>();

  function begin(answer: Promise<unknown>): void {
    const over = answer
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => underWay.delete(over));
    underWay.add(over);
  }

  return {
    port: new Proxy(port, {
      get: (target, key): unknown => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") {
          return member;
        }
        return (...args: readonly unknown[]): unknown => {
          const answer: unknown = Reflect.apply(member, target, args);
          if (answer instanceof Promise) {
            begin(answer);
          }
          return answer;
        };
      },
    }),
    quiet: async () => {
      const wasBusy = underWay.size > 0;
      await Promise.all(underWay);
      return wasBusy;
    },
  };
}
