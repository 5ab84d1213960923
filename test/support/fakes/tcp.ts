import type { Knock, Knocked, Tcp } from "../../../src/system/tcp.ts";

/** A Tcp whose target does what it was told to; remembers who was knocked at. */
export interface FakeTcp extends Tcp {
  readonly knocked: readonly Knock[];
  set(port: number, knocked: Knocked): void;
}

/** A Tcp where every port is open, after a millisecond. */
export function fakeTcp(): FakeTcp {
  const knocked: Knock[] = [];
  const told = new Map<number, Knocked>();
  return {
    knocked,
    set: (port, next) => {
      told.set(port, next);
    },
    connect: async (knock, signal) => {
      signal.throwIfAborted();
      knocked.push(knock);
      const milestones = [{ name: "connect", atMs: 1 }];
      return told.get(knock.port) ?? { kind: "open", milestones, totalMs: 1 };
    },
  };
}
